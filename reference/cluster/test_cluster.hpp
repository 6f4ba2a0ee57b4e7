// Two gateways with a cluster between them, for tests: what one sends the other may be given in any order.
#pragma once

#include <gtest/gtest.h>
#include <vector>

#include "cluster/round_robin.hpp"
#include "cluster/sa_cluster.hpp"
#include "crypto/open/open_provider.hpp"
#include "ipsec/sa_test_support.hpp"

namespace mpsec::cluster::test {

inline constexpr ipsec::ClusterId cluster_id{7};
inline constexpr ipsec::PolicyId policy_id{1};

inline const crypto::Provider& provider() {
  static const auto open = crypto::make_open_provider();
  return *open;
}

// The SA number `index` of a cluster, in one direction: its own SPI, key and addresses.
inline void make_own(ipsec::SaParameters& parameters, std::uint32_t index) {
  parameters.spi = Spi{0x1000 + index};
  const std::uint32_t last = 1 + index % 250;
  parameters.source = IpAddress::v4(0xc0000200 + last);       // 192.0.2.0/24
  parameters.destination = IpAddress::v4(0xc6336400 + last);  // 198.51.100.0/24
}
inline ipsec::OutboundParameters outbound_parameters(const ClusterParameters& cluster, std::uint32_t index) {
  auto parameters = ipsec::test::outbound_parameters(
      {.mode = cluster.mode, .extended = cluster.extended_sequence_numbers, .seed = index + 1});
  make_own(parameters, index);
  parameters.anti_replay = cluster.anti_replay;
  parameters.selectors = cluster.selectors;
  return parameters;
}
inline ipsec::InboundParameters inbound_parameters(const ClusterParameters& cluster, std::uint32_t index) {
  auto parameters = ipsec::test::inbound_parameters(
      {.mode = cluster.mode, .extended = cluster.extended_sequence_numbers, .seed = index + 1});
  make_own(parameters, index);
  parameters.anti_replay = cluster.anti_replay;
  parameters.replay_window = cluster.replay_window;
  parameters.selectors = cluster.selectors;
  return parameters;
}

inline ClusterParameters plain_cluster() {
  ClusterParameters parameters;
  parameters.id = cluster_id;
  parameters.replay_window = parameters.peer_window = 256;
  return parameters;
}

// A data path whose only policy is to protect everything by the cluster.
class Gateway {
 public:
  explicit Gateway(ClusterParameters parameters = plain_cluster(),
                   std::unique_ptr<PathScheduler> scheduler = std::make_unique<RoundRobin>(1),
                   std::optional<LeaseRules> leases = std::nullopt)
      : path_(with_address(), {rng_, lifetime_, inbound_policy_}) {
    ipsec::Spd spd;
    ipsec::Policy policy;
    policy.id = policy_id, policy.action = ipsec::Action::protect, policy.name = "all";
    policy.selectors = {ipsec::Selector{}};
    policy.protect = ipsec::ProtectSpec{};
    policy.protect->endpoints = ipsec::TunnelEndpoints{ip("192.0.2.1"), ip("198.51.100.1")};
    policy.protect->by = cluster_id;
    const auto appended = spd.append(policy);
    EXPECT_TRUE(appended) << to_string(appended.error());
    path_.use(spd);
    auto made = SaCluster::make(std::move(parameters), {path_, provider(), std::move(scheduler), leases});
    EXPECT_TRUE(made) << to_string(made.error());
    cluster_ = *std::move(made);
  }

  struct Sent {
    ipsec::Discard discard = ipsec::Discard::none;
    std::uint64_t number = 0;
    Octets packet;               // protected
    std::vector<Octets> copies;  // under other sub-SAs
    Spi spi() const { return Spi{load_be<std::uint32_t>(packet.data() + 20)}; }
  };
  Sent send(OctetView clear, Instant now = {}) {
    actions_.clear();
    ipsec::HeldPacket held(clear);
    ipsec::Outgoing outgoing{.packet = held.buffer()};
    ipsec::Fate fate{};
    path_.send({&outgoing, 1}, now, {&fate, 1}, actions_);
    Sent sent{outgoing.discard, outgoing.number, {}, {}};
    const auto view = outgoing.packet.view();
    if (fate == ipsec::Fate::protected_) sent.packet.assign(view.begin(), view.end());
    for (auto& emission : actions_.emissions)
      sent.copies.push_back(emission.packet.octets());
    return sent;
  }
  // A batch of equal packets: their numbers, as far as they were sent.
  std::vector<Sent> send_batch(std::size_t count, Instant now = {}) {
    actions_.clear();
    std::vector<ipsec::HeldPacket> held;
    std::vector<ipsec::Outgoing> outgoing;
    for (std::size_t i = 0; i < count; ++i) {
      held.emplace_back(ipsec::test::udp_packet(false, 20));
      outgoing.push_back({.packet = held.back().buffer()});
    }
    std::vector<ipsec::Fate> fates(count);
    path_.send(outgoing, now, fates, actions_);
    std::vector<Sent> sent;
    for (const auto& one : outgoing) {
      const auto view = one.packet.view();
      sent.push_back({one.discard, one.number, Octets(view.begin(), view.end()), {}});
    }
    return sent;
  }

  struct Received {
    bool delivered = false;
    std::uint64_t number = 0;
    std::vector<ipsec::Settled> settled;
  };
  Received receive(OctetView datagram, Instant now = {}) {
    actions_.clear();
    ipsec::HeldPacket held(datagram);
    path_.receive({&held.buffer(), 1}, now, actions_);
    Received received{!actions_.deliveries.empty(), 0, actions_.settled};
    if (received.delivered) received.number = actions_.deliveries[0].number;
    return received;
  }
  std::vector<ClusterEvent> look_after(Instant now = {}) {
    std::vector<ClusterEvent> events;
    cluster_->look_after(now, events);
    return events;
  }

  // Both halves of sub-SA `index`, of which only one is used here.
  Result<> join(std::uint32_t index) {
    auto out = cluster_->join(SubSaId{index}, outbound_parameters(cluster_->parameters(), index));
    if (!out) return std::unexpected(out.error());
    auto in = cluster_->join(SubSaId{index}, inbound_parameters(cluster_->parameters(), index));
    if (!in) return std::unexpected(in.error());
    return {};
  }

  SaCluster& cluster() { return *cluster_; }
  std::unique_ptr<SaCluster>& owned() { return cluster_; }
  ipsec::DataPath& path() { return path_; }
  ipsec::Actions& actions() { return actions_; }

 private:
  // From which it tells sources of IPv6 what fits.
  static ipsec::DataPath::Options with_address() {
    ipsec::DataPath::Options options;
    options.own_v6 = ip("2001:db8::1");
    return options;
  }

  SeededRng rng_{7};
  ipsec::StandardLifetimePolicy lifetime_;
  ipsec::StandardInboundPolicy inbound_policy_;
  ipsec::DataPath path_;
  ipsec::Actions actions_;
  std::unique_ptr<SaCluster> cluster_;
};

// With sub-SAs 1 to `count` at both ends.
struct Pair {
  explicit Pair(std::uint32_t count, const ClusterParameters& parameters = plain_cluster(),
                std::unique_ptr<PathScheduler> scheduler = std::make_unique<RoundRobin>(1),
                std::optional<LeaseRules> leases = std::nullopt)
      : sender(parameters, std::move(scheduler), leases), receiver(parameters) {
    for (std::uint32_t index = 1; index <= count; ++index)
      join(index);
  }
  void join(std::uint32_t index) {
    const auto there = receiver.join(index), here = sender.join(index);
    EXPECT_TRUE(there) << to_string(there.error());
    EXPECT_TRUE(here) << to_string(here.error());
  }
  Gateway::Sent send() { return sender.send(ipsec::test::udp_packet(false, 20)); }

  Gateway sender, receiver;
};

}  // namespace mpsec::cluster::test
