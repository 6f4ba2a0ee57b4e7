// Two gateways, A and B, each an engine with its own randomness, and the wire between them: datagrams wait in
// a queue that a test empties, reorders, drops or repeats as it likes. Time is what the test says.
#pragma once

#include <deque>
#include <fmt/ranges.h>
#include <functional>
#include <gtest/gtest.h>
#include <memory>
#include <string>
#include <vector>

#include "crypto/openssl/openssl_ike_provider.hpp"
#include "crypto/openssl/openssl_provider.hpp"
#include "ike/engine.hpp"
#include "ike/lifetimes.hpp"

namespace mpsec::ike::test {

using namespace std::chrono_literals;

// What the configuration of one end differs in; the rest is as a newcomer would write it.
struct EndOptions {
  std::vector<IkeProposal> ike_proposals{{.encryption = {{crypto::EncryptionId::aes_gcm_16, 128}},
                                          .prf = {crypto::PrfId::hmac_sha2_256},
                                          .key_exchange = {crypto::KeyExchangeId::curve25519}}};
  std::vector<ChildProposal> child_proposals{
      {.encryption = {{crypto::EncryptionId::aes_gcm_16, 128}}, .key_exchange = {}}};
  std::function<void(PeerConfiguration&)> change_peer = [](PeerConfiguration&) {};
  std::function<void(Configuration&)> change = [](Configuration&) {};
  std::string key = "a key that both ends know";
  std::size_t cookies_from = 1000;  // half-open IKE SAs
  MessageTap* tap = nullptr;
  std::function<void(ipsec::PadEntry&)> change_pad = [](ipsec::PadEntry&) {};
  std::shared_ptr<const ProofChecker> checker = nullptr;  // null: shared keys
  const CollisionPolicy* collisions = nullptr;            // null: the standard one
  KeyLog* key_log = nullptr;
  const Traffic* traffic = nullptr;
  std::shared_ptr<const crypto::IkeProvider> ike_provider = nullptr;  // null: OpenSSL's
  std::vector<ipsec::AddressRange> pool = {};                         // named "pool"
  std::shared_ptr<const NarrowingPolicy> narrowing = std::make_shared<StandardNarrowing>();
};

// Bends what passes, as a test says.
class Bender final : public MessageTap {
 public:
  std::function<void(wire::ike::Message&)> out = [](wire::ike::Message&) {};
  std::function<void(wire::ike::Message&)> in = [](wire::ike::Message&) {};
  void outgoing(wire::ike::Message& message) override { out(message); }
  void incoming(wire::ike::Message& message) override { in(message); }
};

inline SecretOctets secret(std::string_view text) {
  return SecretOctets(OctetView(reinterpret_cast<const std::uint8_t*>(text.data()), text.size()));
}

class End {
 public:
  End(std::string_view own, std::string_view peer, const IpAddress& address, const IpAddress& peer_address,
      const EndOptions& options, std::uint64_t seed)
      : address_(address),
        peer_address_(peer_address),
        tap_(options.tap),
        key_log_(options.key_log),
        traffic_(options.traffic),
        rng_(seed),
        narrowing_(options.narrowing) {
    if (options.collisions != nullptr) collisions_ = options.collisions;
    if (options.ike_provider != nullptr) ike_provider_ = options.ike_provider;
    if (!options.pool.empty()) pools_.add("pool", std::make_unique<RangeAddressPool>(options.pool));
    ipsec::Pad pad;
    ipsec::PadEntry entry;
    entry.id = ipsec::PadEntryId{1};
    entry.identities = {ipsec::IdentityPattern::dns(peer).value()};
    entry.authentication.emplace_back(ipsec::PreSharedKey{secret(options.key)});
    entry.children = ipsec::ChildrenByAddress{{ipsec::AddressRange::parse("0.0.0.0/0").value()}};
    options.change_pad(entry);
    EXPECT_TRUE(pad.append(std::move(entry)));
    if (options.checker != nullptr) checker_ = options.checker;
    pad_ = pad.snapshot();
    cookies_ =
        StatelessCookieJar::make({.demand_from = options.cookies_from}, *ike_provider_, rng_, {}).value();
    engine_ = Engine::make(configuration(own, peer, options), seams()).value();
  }

  Engine& engine() { return *engine_; }
  const Engine& engine() const { return *engine_; }
  const IpAddress& address() const { return address_; }
  Path path() const { return {{address_, 500}, {peer_address_, 500}}; }
  // Between another pair of addresses: 198.51.100.* instead of 192.0.2.*.
  Path second_path() const { return {{second(address_), 500}, {second(peer_address_), 500}}; }
  bool owns(const IpAddress& address) const { return address == address_ || address == second(address_); }

  // A Child SA as a data path would hold it.
  struct Installed {
    std::optional<ipsec::InboundParameters> inbound;
    std::optional<ipsec::OutboundParameters> outbound;
    std::size_t outbound_serial = 0;  // the data path sends on the one installed last
    std::optional<ClusterMembership> cluster{};
  };
  std::map<ChildId, Installed> installed;
  std::vector<Event> events;
  std::vector<PathReport> paths;
  void apply(SadChange& change) {
    if (auto* in = std::get_if<InstallInbound>(&change)) {
      installed[in->child].inbound = std::move(in->parameters);
      installed[in->child].cluster = in->cluster;
    }
    if (auto* out = std::get_if<InstallOutbound>(&change)) {
      installed[out->child].outbound = std::move(out->parameters);
      installed[out->child].outbound_serial = ++outbounds_;
    }
    if (auto* half = std::get_if<RemoveOutbound>(&change)) installed[half->child].outbound.reset();
    if (auto* gone = std::get_if<RemoveChild>(&change)) installed.erase(gone->child);
    if (auto* move = std::get_if<MoveChild>(&change))
      if (auto& out = installed[move->child].outbound; out && out->udp)
        out->udp->destination_port = move->remote.port;
  }

  template <class Wanted>
  std::size_t count() const {
    return static_cast<std::size_t>(std::ranges::count_if(
        events, [](const Event& event) { return std::holds_alternative<Wanted>(event); }));
  }
  std::string log() const {
    std::string text;
    for (const Event& event : events)
      text += to_string(event) + "\n";
    return text;
  }

 private:
  static IpAddress second(const IpAddress& first) {
    return IpAddress::v4(0xc6336400u | (first.v4_number() & 0xff));
  }
  Configuration configuration(std::string_view own, std::string_view peer, const EndOptions& options) const {
    ChildConfiguration child;
    child.name = "net";
    child.policy = ipsec::PolicyId{1};
    child.proposals = options.child_proposals;
    const auto net = [](const IpAddress& gateway) {
      const std::uint32_t prefix = 0x0a000000u | (gateway.v4_number() & 0xff) << 16;
      return ipsec::AddressRange{IpAddress::v4(prefix), IpAddress::v4(prefix | 0xffff)};
    };
    child.selectors = {{.local = {net(address_)}, .remote = {net(peer_address_)}}};
    PeerConfiguration configured;
    configured.name = "peer";
    configured.local_id = ipsec::Identity::fqdn(own);
    configured.remote_id = ipsec::Identity::fqdn(peer);
    configured.proposals = options.ike_proposals;
    configured.credential = std::make_shared<PreSharedKeyCredential>(secret(options.key));
    configured.children.push_back(std::move(child));
    options.change_peer(configured);
    Configuration whole;
    whole.peers.push_back(std::move(configured));
    options.change(whole);
    return whole;
  }

  Seams seams() {
    return {rng_,      *provider_,  *ike_provider_, *pad_, *checker_, *cookies_, pools_,
            back_off_, *narrowing_, *collisions_,   tap_,  key_log_,  traffic_};
  }

  IpAddress address_, peer_address_;
  MessageTap* tap_;
  KeyLog* key_log_;
  const Traffic* traffic_;
  SeededRng rng_;
  std::unique_ptr<crypto::Provider> provider_ = crypto::make_openssl_provider();
  std::shared_ptr<const crypto::IkeProvider> ike_provider_ = crypto::make_openssl_ike_provider();
  std::shared_ptr<const ipsec::PadSnapshot> pad_;
  std::unique_ptr<StatelessCookieJar> cookies_;
  ExponentialBackOff back_off_{{.first = 1s, .tries = 5, .jitter = 0}};
  std::shared_ptr<const ProofChecker> checker_ = std::make_shared<StandardProofChecker>(std::vector{
      StandardProofChecker::Line{{wire::ike::AuthenticationMethod::shared_key_message_integrity_code},
                                 std::make_shared<PreSharedKeyChecker>()}});
  std::shared_ptr<const NarrowingPolicy> narrowing_;
  StandardCollisionPolicy standard_collisions_;
  const CollisionPolicy* collisions_ = &standard_collisions_;
  AddressPools pools_;
  std::size_t outbounds_ = 0;
  std::unique_ptr<Engine> engine_;
};

class World {
 public:
  explicit World(const EndOptions& a_options = {}, const EndOptions& b_options = {}, std::uint64_t seed = 1)
      : a("a.example", "b.example", ip("192.0.2.1"), ip("192.0.2.2"), a_options, seed),
        b("b.example", "a.example", ip("192.0.2.2"), ip("192.0.2.1"), b_options, seed + 1000) {}

  End a, b;
  Instant now{};
  std::deque<Datagram> wire;        // as sent: `local` is the sender
  std::uint16_t nat_port_of_a = 0;  // which a NAT gives A, whatever port A sends from; 0: there is no NAT

  // Runs `act` on an end, and takes up what it has caused.
  template <class Act>
  auto at(End& end, Act act) {
    Actions actions;
    auto result = act(end.engine(), actions);
    for (SadChange& change : actions.sad)
      end.apply(change);
    std::ranges::move(actions.events, std::back_inserter(end.events));
    std::ranges::move(actions.paths, std::back_inserter(end.paths));
    std::ranges::move(actions.datagrams, std::back_inserter(wire));
    return result;
  }

  IkeSaId initiate(End& end) { return initiate(end, end.path()); }
  IkeSaId initiate(End& end, const Path& path) {
    return at(end,
              [&](Engine& engine, Actions& actions) { return engine.initiate("peer", path, now, actions); })
        .value();
  }

  // The one IKE SA that is there; another number of them fails the test.
  static IkeStatus only(End& end) {
    const auto all = end.engine().status();
    EXPECT_EQ(all.size(), 1u) << end.log();
    return all.empty() ? IkeStatus{} : all.front();
  }
  // Commands about that IKE SA, and about its first child.
  void rekey_child(End& end) { on_child(end, &Engine::rekey_child); }
  void delete_child(End& end) { on_child(end, &Engine::delete_child); }
  void rekey_ike(End& end) { on_ike_sa(end, &Engine::rekey_ike); }
  void close(End& end) { on_ike_sa(end, &Engine::close); }
  void check_liveness(End& end) { on_ike_sa(end, &Engine::check_liveness); }

  // Takes the datagram at this place off the wire.
  Datagram take(std::size_t place = 0) {
    Datagram datagram = wire.at(place);
    wire.erase(wire.begin() + static_cast<std::ptrdiff_t>(place));
    return datagram;
  }
  void deliver(const Datagram& sent) {
    End& to = a.owns(sent.remote.address) ? a : b;
    Datagram arrived{sent.remote, sent.local, sent.octets};
    if (nat_port_of_a != 0 && &to == &b) arrived.remote.port = nat_port_of_a;
    if (nat_port_of_a != 0 && &to == &a) {
      if (sent.remote.port != nat_port_of_a) return;  // the NAT knows no such mapping
      arrived.local.port = sent.local.port;
    }
    at(to, [&](Engine& engine, Actions& actions) { return engine.receive(arrived, now, actions), 0; });
  }
  void deliver_all() {
    for (int i = 0; i < 1000 && !wire.empty(); ++i)
      deliver(take());
    EXPECT_TRUE(wire.empty()) << "the ends talk without end";
  }

  // Time goes on by so much; deadlines are met, and what is sent arrives at once.
  void run_for(Duration duration) {
    const Instant until = now + duration;
    for (int i = 0; i < 10'000; ++i) {
      deliver_all();
      const auto next = earlier(a.engine().next_deadline(), b.engine().next_deadline());
      if (!next || *next > until) break;
      now = std::max(now, *next);
      for (End* end : {&a, &b})
        at(*end, [&](Engine& engine, Actions& actions) { return engine.on_time(now, actions), 0; });
    }
    now = until;
  }

  void establish() {
    initiate(a);
    deliver_all();
    EXPECT_EQ(disagreement(), "") << a.log() << b.log();
  }

  // Why the ends do not agree; empty if they do.
  std::string disagreement() {
    const auto ours = a.engine().status(), theirs = b.engine().status();
    if (ours.size() != theirs.size()) return fmt::format("{} IKE SAs against {}", ours.size(), theirs.size());
    for (const IkeStatus& sa : ours) {
      const auto same = std::ranges::find(theirs, sa.spis, &IkeStatus::spis);
      if (same == theirs.end()) return fmt::format("only A has {}", to_string(sa.spis));
      if (same->state != sa.state)
        return fmt::format("{}: {} against {}", to_string(sa.spis), to_string(sa.state),
                           to_string(same->state));
      if (same->children.size() != sa.children.size())
        return fmt::format("{} children against {}", sa.children.size(), same->children.size());
    }
    if (const std::string why = clusters_disagree(); !why.empty()) return why;
    return keys_disagree();
  }

 private:
  void on_child(End& end, auto command) {
    const ChildId child = only(end).children.at(0).id;
    at(end, [&](Engine& engine, Actions& actions) { return (engine.*command)(child, now, actions); }).value();
  }
  void on_ike_sa(End& end, auto command) {
    const IkeSaId sa = only(end).id;
    at(end, [&](Engine& engine, Actions& actions) { return (engine.*command)(sa, now, actions); }).value();
  }
  // Both know the same clusters, of as many sub-SAs, which their data paths know as such.
  std::string clusters_disagree() const {
    const auto ours = sub_sas_of(a), theirs = sub_sas_of(b);
    if (ours != theirs) return fmt::format("clusters {} against {}", ours, theirs);
    for (const End* end : {&a, &b})
      for (const ClusterStatus& cluster : end->engine().cluster_status())
        for (const ChildId child : cluster.sub_sas) {
          const auto found = end->installed.find(child);
          if (found == end->installed.end() || !found->second.cluster ||
              found->second.cluster->id != cluster.id)
            return "a sub-SA that the data path does not know as such";
        }
    return {};
  }
  static std::map<std::uint64_t, std::size_t> sub_sas_of(const End& end) {
    std::map<std::uint64_t, std::size_t> sub_sas;
    for (const ClusterStatus& cluster : end.engine().cluster_status())
      sub_sas[cluster.id.value] = cluster.sub_sas.size();
    return sub_sas;
  }
  std::string keys_disagree() const {
    if (a.installed.size() != b.installed.size()) return "the data paths hold different numbers of children";
    for (const auto& [id, child] : a.installed) {
      const auto same = std::ranges::find_if(b.installed, [&](const auto& one) {
        return one.second.inbound->spi == child.outbound->spi && one.second.outbound &&
               one.second.outbound->spi == child.inbound->spi;
      });
      if (same == b.installed.end())
        return fmt::format("no such child at B: {:08x}", child.inbound->spi.value);
      if (!std::ranges::equal(same->second.inbound->encryption_key.view(),
                              child.outbound->encryption_key.view()) ||
          !std::ranges::equal(same->second.outbound->encryption_key.view(),
                              child.inbound->encryption_key.view()))
        return "the children have different keys";
    }
    return {};
  }
};

}  // namespace mpsec::ike::test
