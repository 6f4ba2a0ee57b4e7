// Gateways as the tests of the core have them: settings made by hand, and a wire of IP packets between two of
// them on virtual time.
#pragma once

#include <deque>
#include <functional>
#include <gtest/gtest.h>

#include "crypto/openssl/openssl_ike_provider.hpp"
#include "crypto/openssl/openssl_pki.hpp"
#include "crypto/openssl/openssl_provider.hpp"
#include "gateway/core/core.hpp"
#include "ipsec/sa_test_support.hpp"
#include "ipsec/test_packets.hpp"

namespace mpsec::gateway::test {

using namespace std::chrono_literals;

struct Plan {
  std::size_t paths = 1;
  Start start = Start::on_traffic;
  bool cluster = false;
  bool force_encapsulation = false;
  std::function<void(Settings&)> change = [](Settings&) {};
};

inline IpAddress outer(std::uint32_t end, std::size_t path) {
  return IpAddress::v4(0xc0000200u | end | static_cast<std::uint32_t>(path) << 4);  // 192.0.2.0/24
}
inline ipsec::AddressRange inner(std::uint32_t end) {
  return {IpAddress::v4(0x0a000000u | end << 16), IpAddress::v4(0x0a00ffffu | end << 16)};
}
inline SecretOctets secret(std::string_view text) {
  return SecretOctets(OctetView(reinterpret_cast<const std::uint8_t*>(text.data()), text.size()));
}

inline ike::PeerConfiguration peer_configuration(std::uint32_t end, const Plan& plan) {
  ike::ChildConfiguration child;
  child.name = "net";
  child.policy = ipsec::PolicyId{1};
  child.proposals = {
      {.encryption = {{crypto::EncryptionId::aes_gcm_16, 128}}, .integrity = {}, .key_exchange = {}}};
  child.selectors = {{.local = {inner(end)}, .remote = {inner(3 - end)}}};
  if (plan.cluster) child.cluster = ike::ClusterWish{.name = "net", .most_sub_sas = 8};
  ike::PeerConfiguration peer;
  peer.name = "peer";
  peer.local_id = ipsec::Identity::fqdn(fmt::format("g{}.example", end));
  peer.remote_id = ipsec::Identity::fqdn(fmt::format("g{}.example", 3 - end));
  peer.proposals = {{.encryption = {{crypto::EncryptionId::aes_gcm_16, 128}},
                     .prf = {crypto::PrfId::hmac_sha2_256},
                     .integrity = {},
                     .key_exchange = {crypto::KeyExchangeId::curve25519}}};
  peer.credential = std::make_shared<ike::PreSharedKeyCredential>(secret("shared"));
  peer.children.push_back(std::move(child));
  peer.force_encapsulation = plan.force_encapsulation;
  return peer;
}

inline ipsec::PadEntry pad_entry(std::uint32_t end) {
  ipsec::PadEntry entry;
  entry.id = ipsec::PadEntryId{1};
  entry.identities = {ipsec::IdentityPattern::dns(fmt::format("g{}.example", 3 - end)).value()};
  entry.authentication.emplace_back(ipsec::PreSharedKey{secret("shared")});
  entry.children = ipsec::ChildrenByAddress{{ipsec::AddressRange::parse("0.0.0.0/0").value()}};
  return entry;
}

// Gateway 1 or 2, speaking to the other.
inline Settings settings(std::uint32_t end, const Plan& plan) {
  const std::uint32_t other = 3 - end;
  Settings all;
  all.name = fmt::format("gateway {}", end);
  PeerSettings& beside = all.peers["peer"];
  beside.start = plan.start;
  for (std::size_t path = 0; path < plan.paths; ++path) {
    all.listen.push_back({.address = outer(end, path)});
    beside.paths.push_back({fmt::format("path {}", path + 1), outer(end, path), outer(other, path)});
  }
  all.ike.peers.push_back(peer_configuration(end, plan));
  const ike::ChildConfiguration& child = all.ike.peers[0].children[0];
  ipsec::ProtectSpec protect;
  protect.endpoints = ipsec::TunnelEndpoints{outer(end, 0), outer(other, 0)};
  if (plan.cluster) {
    all.clusters["net"].id = ipsec::ClusterId{1};
    all.clusters["net"].wish = *child.cluster;
    protect.by = ipsec::ClusterId{1};
  }
  ipsec::Policy& policy = all.policies.emplace_back();
  policy.id = child.policy;
  policy.action = ipsec::Action::protect;
  policy.selectors = child.selectors;
  policy.protect = protect;
  all.pad.push_back(pad_entry(end));
  plan.change(all);
  return all;
}

class Gateway {
 public:
  Gateway(std::uint32_t end, const Plan& plan, std::uint64_t seed)
      : rng_(seed), core_(Core::make(settings(end, plan), seams(), Instant{}).value()) {}

  Core& core() { return *core_; }
  std::vector<Report> reports;
  std::vector<Octets> delivered;
  std::vector<VirtualAddress> addresses;
  // Of one of the kinds of reports.
  template <class Kind, class Wanted>
  std::vector<Wanted> told() const {
    std::vector<Wanted> all;
    for (const Report& report : reports)
      if (const auto* kind = std::get_if<Kind>(&report))
        if (const auto* wanted = std::get_if<Wanted>(kind)) all.push_back(*wanted);
    return all;
  }
  std::string log() const {
    std::string text;
    for (const Report& report : reports) {
      if (const auto* event = std::get_if<ike::Event>(&report)) text += to_string(*event) + "\n";
      if (const auto* fault = std::get_if<Fault>(&report)) text += to_string(fault->error) + "\n";
    }
    return text;
  }

 private:
  Core::Seams seams() { return {rng_, *provider_, *ike_provider_, *pki_}; }

  SeededRng rng_;
  std::unique_ptr<crypto::Provider> provider_ = crypto::make_openssl_provider();
  std::unique_ptr<crypto::IkeProvider> ike_provider_ = crypto::make_openssl_ike_provider();
  std::unique_ptr<crypto::PkiProvider> pki_ = crypto::make_openssl_pki();
  std::unique_ptr<Core> core_;
};

// Both, and what is on its way between them.
class World {
 public:
  explicit World(const Plan& plan = {}) : World(plan, plan) {}
  World(const Plan& first, const Plan& second) : a(1, first, 1), b(2, second, 2) {}

  Gateway a, b;
  Instant now{};
  struct OnTheWay {
    Gateway* to;
    std::variant<Datagram, Octets> what;  // IKE, or an IP packet
  };
  std::deque<OnTheWay> wire;
  std::function<bool(const OnTheWay&)> lost = [](const OnTheWay&) { return false; };

  // Lets a gateway do something, and takes up what it gives.
  template <class Act>
  auto at(Gateway& one, Act act) {
    Output output;
    auto result = act(one.core(), output);
    Gateway& other = &one == &a ? b : a;
    for (Datagram& sent : output.ike)
      wire.push_back({&other, Datagram{sent.remote, sent.local, std::move(sent.octets)}});
    for (const ipsec::PacketBuffer& packet : output.outside)
      wire.push_back({&other, Octets(packet.view().begin(), packet.view().end())});
    for (const auto* list : {&output.inside, &output.to_sources})
      for (const ipsec::PacketBuffer& packet : *list)
        one.delivered.emplace_back(packet.view().begin(), packet.view().end());
    std::ranges::move(output.reports, std::back_inserter(one.reports));
    std::ranges::move(output.addresses, std::back_inserter(one.addresses));
    return result;
  }
  // As many as there are now, say, and not what they cause.
  void deliver(std::size_t many) {
    for (std::size_t i = 0; i < many && !wire.empty(); ++i) {
      OnTheWay next = std::move(wire.front());
      wire.pop_front();
      if (!lost(next)) arrive(next);
    }
  }
  void deliver_all() {
    for (int i = 0; i < 1000 && !wire.empty(); ++i)
      deliver(wire.size());
  }
  // A clear packet from the net behind the gateway to the one behind the other.
  void send(Gateway& from, OctetView packet) {
    at(from, [&](Core& core, Output& output) {
      ipsec::HeldPacket held(packet);
      core.send({&held.buffer(), 1}, now, output);
      keep(output);
      return 0;
    });
  }
  void run_for(Duration duration) {
    const Instant until = now + duration;
    for (int i = 0; i < 100'000; ++i) {
      deliver_all();
      std::optional<Instant> next;
      for (Gateway* one : {&a, &b})
        if (const auto wants = one->core().next_deadline(); wants && (!next || *wants < *next)) next = wants;
      if (!next || *next > until) break;
      now = std::max(now, *next);
      for (Gateway* one : {&a, &b})
        at(*one, [&](Core& core, Output& output) { return core.on_time(now, output), 0; });
    }
    now = until;
  }
  std::string logs() const { return a.log() + "--\n" + b.log(); }

 private:
  void arrive(OnTheWay& one) {
    at(*one.to, [&](Core& core, Output& output) {
      if (const auto* datagram = std::get_if<Datagram>(&one.what))
        return core.receive_ike(*datagram, now, output), 0;
      ipsec::HeldPacket held(std::get<Octets>(one.what));
      core.receive({&held.buffer(), 1}, now, output);
      keep(output);
      return 0;
    });
  }
  // What points into a packet's own storage, before that goes.
  static void keep(Output& output) {
    for (auto* list : {&output.outside, &output.inside, &output.to_sources})
      for (ipsec::PacketBuffer& packet : *list) {
        output.storage.packets.held.emplace_back(packet.view());
        packet = output.storage.packets.held.back().buffer();
      }
  }
};

// UDP from a host in the first gateway's net to one in the second's; or the other way.
inline Octets packet(bool forth = true, std::uint8_t mark = 0) {
  Octets packet = ipsec::test::udp_packet(false, 32);
  const auto put = [&](std::size_t at, const IpAddress& address) {
    std::ranges::copy(address.octets(), packet.begin() + static_cast<std::ptrdiff_t>(at));
  };
  put(12, IpAddress::v4(forth ? 0x0a010005u : 0x0a020006u));
  put(16, IpAddress::v4(forth ? 0x0a020006u : 0x0a010005u));
  packet.back() = mark;
  return packet;
}

}  // namespace mpsec::gateway::test
