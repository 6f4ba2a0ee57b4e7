// What paths do to IKE SAs: NATs before either end, that reboot or forget; links too narrow for IKE_AUTH.
#include "sim/ike/ike_message_match.hpp"
#include "sim/ike/test_ends.hpp"

namespace mpsec::sim::test {
namespace {

using wire::ike::ExchangeType;

// Ports are never what they are inside, and a mapping does not depend on whom it speaks to.
constexpr NatProfile usual{.preserve_ports = false, .timeout = 60s};
// Takes packets from anybody, and forgets nothing unless it is rebooted.
constexpr NatProfile open_to_all{
    .filtering = Dependence::endpoint_independent, .preserve_ports = false, .timeout = std::chrono::hours(1)};

EndOptions with_keepalives(Duration every) {
  EndOptions options = Ends::quiet();
  options.change_peer = [every](ike::PeerConfiguration& peer) {
    peer.liveness_after = 0s;
    peer.keepalive_every = every;
  };
  return options;
}

bool is_ike(const Packet& packet) {
  return ike_header(packet).has_value();
}

// Both ends, established, and everything that hosts sent or got.
struct Scenario : Ends {
  Scenario(const EndOptions& options, const Places& places) : Ends(1, options, places) {
    world.network().add_tap(recorder(seen));
    initiate();
    EXPECT_TRUE(world.run_for(2s));
    EXPECT_EQ(differences(), "") << log();
    EXPECT_EQ(children(), 1u) << log();
  }
  std::vector<Packet> packets(Sighting::What what, const std::function<bool(const Packet&)>& wanted) const {
    std::vector<Packet> found;
    for (const Recorded& one : seen)
      if (one.sighting.what == what && wanted(one.packet)) found.push_back(one.packet);
    return found;
  }
  // What B got last from A.
  Packet last_of_a() const {
    return packets(
               Sighting::What::delivered,
               [this](const Packet& packet) { return packet.destination() == b.address() && is_ike(packet); })
        .back();
  }
  std::size_t keepalives_of(const End& end) const {
    return packets(Sighting::What::sent,
                   [&](const Packet& packet) {
                     return packet.source() == end.address() && packet.udp_payload().size() == 1 &&
                            packet.udp_payload()[0] == 0xff;
                   })
        .size();
  }
  const InstalledChild& installed(HostId id) const { return world.host(id).sad.begin()->second; }

  std::vector<Recorded> seen;
};

using Ports = std::pair<std::uint16_t, std::uint16_t>;  // source, destination
std::optional<Ports> ports(const ipsec::SaParameters& sa) {
  if (!sa.udp) return std::nullopt;
  return Ports{sa.udp->source_port, sa.udp->destination_port};
}

TEST(Nat, NoneLeavesPort500AndEspAlone) {
  Scenario ends(with_keepalives(20s), {});
  ASSERT_TRUE(ends.world.run_for(5min));
  for (const HostId id : {ends.ia, ends.ib}) {
    const auto sa = ends.only(id);
    EXPECT_FALSE(sa.we_are_behind_nat || sa.peer_is_behind_nat);
    EXPECT_EQ(Ports(sa.path.local.port, sa.path.remote.port), Ports(500, 500));
    EXPECT_EQ(ports(*ends.installed(id).outbound), std::nullopt);
    EXPECT_EQ(ports(*ends.installed(id).inbound), std::nullopt);
  }
  EXPECT_EQ(ends.keepalives_of(ends.a) + ends.keepalives_of(ends.b), 0u);
}

TEST(Nat, PeerBehindItFloatsAndKeepsItOpen) {
  Scenario ends(with_keepalives(20s), {.nat_of_a = usual});
  const Endpoint outside = ends.nat_a().mapped({ends.a.address(), 4500}).value();
  EXPECT_NE(outside.port, 4500);
  const auto a = ends.only(ends.ia), b = ends.only(ends.ib);
  EXPECT_TRUE(a.we_are_behind_nat && !a.peer_is_behind_nat);
  EXPECT_TRUE(!b.we_are_behind_nat && b.peer_is_behind_nat);
  EXPECT_EQ(a.path.local, (Endpoint{ends.a.address(), 4500}));
  EXPECT_EQ(a.path.remote, (Endpoint{ends.b.address(), 4500}));
  EXPECT_EQ(b.path.local, a.path.remote);
  EXPECT_EQ(b.path.remote, outside);
  // IKE_SA_INIT on port 500, the rest on 4500.
  for (const Packet& packet : ends.packets(Sighting::What::delivered, is_ike)) {
    const bool init = ike_header(packet)->exchange_type == ExchangeType::ike_sa_init;
    const bool of_a = packet.destination() == ends.b.address();
    EXPECT_EQ((of_a ? packet.udp_destination() : packet.udp_source()).port, init ? 500 : 4500);
  }
  EXPECT_EQ(ports(*ends.installed(ends.ia).outbound), Ports(4500, 4500));
  EXPECT_EQ(ports(*ends.installed(ends.ia).inbound), Ports(4500, 4500));
  EXPECT_EQ(ports(*ends.installed(ends.ib).outbound), Ports(4500, outside.port));
  EXPECT_EQ(ports(*ends.installed(ends.ib).inbound), Ports(outside.port, 4500));

  ASSERT_TRUE(ends.world.run_for(100s));
  EXPECT_EQ(ends.keepalives_of(ends.a), 5u);
  EXPECT_EQ(ends.keepalives_of(ends.b), 0u);
  EXPECT_EQ(ends.b.engine().counters().keepalives, 5u);
}

TEST(Nat, BothMayBeBehindOne) {
  Scenario ends(with_keepalives(20s), {.nat_of_a = usual, .nat_of_b = usual});
  for (const HostId id : {ends.ia, ends.ib}) {
    const auto sa = ends.only(id);
    EXPECT_TRUE(sa.we_are_behind_nat && sa.peer_is_behind_nat);
    EXPECT_EQ(sa.path.local.port, 4500);
    EXPECT_TRUE(ports(*ends.installed(id).outbound));
  }
  for (const HostId id : {ends.ia, ends.ib}) {
    ends.rekey_child(id);
    ASSERT_TRUE(ends.world.run_for(1min));
    ends.rekey_ike(id);
    ASSERT_TRUE(ends.world.run_for(1min));
    EXPECT_EQ(ends.differences(), "") << ends.log();
  }
  EXPECT_EQ(ends.count<ike::IkeRekeyed>(ends.ia), 2u) << ends.log();
  EXPECT_GE(ends.keepalives_of(ends.a), 11u);
  EXPECT_GE(ends.keepalives_of(ends.b), 11u);
}

// Nothing at B points anywhere but there.
void expect_at(Scenario& ends, const Endpoint& remote) {
  EXPECT_EQ(ends.only(ends.ib).path.remote, remote);
  ASSERT_EQ(ends.world.host(ends.ib).sad.size(), 1u);
  EXPECT_EQ(ends.installed(ends.ib).remote, remote);
  EXPECT_EQ(ends.differences(), "") << ends.log();
}

TEST(Nat, RebootedOneIsFollowedByNewAuthenticPacketsOnly) {
  Scenario ends(Ends::quiet(), {.nat_of_a = open_to_all});
  Network& network = ends.world.network();
  const Endpoint before = ends.only(ends.ib).path.remote;
  ends.nat_a().reboot();
  ASSERT_TRUE(ends.world.run_for(10s));
  const Packet old = ends.last_of_a();
  ends.check_liveness(ends.ia);
  ASSERT_TRUE(ends.world.run_for(10s));
  const Endpoint after = ends.nat_a().mapped({ends.a.address(), 4500}).value();
  ASSERT_NE(after, before);
  expect_at(ends, after);
  EXPECT_EQ(ends.count<ike::PeerMoved>(ends.ib), 1u);

  // An old packet again; the newest, from elsewhere; a damaged one, that claims to be newer.
  const Endpoint elsewhere{ip("198.51.100.66"), 4500};
  Packet newest = ends.last_of_a(), damaged = newest;
  newest.set_udp_source(elsewhere);
  damaged.set_udp_source(elsewhere);
  damaged.flip(4 + 23, 1);  // of the message ID, behind the marker
  for (const Packet& packet : {old, newest, damaged})
    network.send(network.internet(), packet);
  ASSERT_TRUE(ends.world.run_for(1min));
  expect_at(ends, after);
  EXPECT_EQ(ends.count<ike::PeerMoved>(ends.ib), 1u);

  // B's own exchanges go there, and so do those of the successors.
  ends.rekey_child(ends.ib);
  ASSERT_TRUE(ends.world.run_for(1min));
  EXPECT_EQ(ports(*ends.installed(ends.ib).outbound), Ports(4500, after.port));
  ends.rekey_ike(ends.ib);
  ASSERT_TRUE(ends.world.run_for(1min));
  EXPECT_EQ(ends.count<ike::IkeRekeyed>(ends.ib), 1u) << ends.log();
  ends.nat_a().reboot();
  ends.check_liveness(ends.ia);
  ASSERT_TRUE(ends.world.run_for(10s));
  expect_at(ends, ends.nat_a().mapped({ends.a.address(), 4500}).value());
}

// B speaks into the void when A's NAT comes back with another port; A speaks; B goes on there.
TEST(Nat, PeerMovesWhileAnExchangeIsOnItsWay) {
  for (const bool of_ike : {false, true}) {
    Scenario ends(Ends::quiet(), {.nat_of_a = usual});
    ends.nat_a().reboot();
    of_ike ? ends.rekey_ike(ends.ib) : ends.rekey_child(ends.ib);
    ASSERT_TRUE(ends.world.run_for(5s));
    EXPECT_GE(ends.world.network().counters().dropped(Drop::no_mapping), 2u);
    ends.check_liveness(ends.ia);
    ASSERT_TRUE(ends.world.run_for(1min));
    EXPECT_EQ(ends.differences(), "") << ends.log();
    EXPECT_EQ(ends.children(), 1u) << ends.log();
    EXPECT_EQ(ends.only(ends.ib).path.remote, ends.nat_a().mapped({ends.a.address(), 4500}));
    EXPECT_EQ(ends.count<ike::PeerMoved>(ends.ib), 1u) << ends.log();
  }
}

TEST(Nat, WhoIsBehindOneFollowsNobody) {
  Scenario ends(Ends::quiet(), {.nat_of_a = open_to_all, .nat_of_b = usual});
  const Endpoint before = ends.only(ends.ib).path.remote;
  ends.nat_a().reboot();
  ASSERT_TRUE(ends.world.run_for(10s));
  ends.check_liveness(ends.ia);
  ASSERT_TRUE(ends.world.run_for(10s));
  EXPECT_NE(ends.nat_a().mapped({ends.a.address(), 4500}), before);
  EXPECT_EQ(ends.only(ends.ib).path.remote, before);
  EXPECT_EQ(ends.count<ike::PeerMoved>(ends.ib), 0u);
  EXPECT_EQ(ends.differences(), "") << ends.log();  // and yet A was answered
}

TEST(Nat, WhoIsBehindOneIsNotMovedByThePeersNewAddress) {
  Scenario ends(Ends::quiet(), {.nat_of_a = open_to_all});
  const Endpoint before = ends.only(ends.ia).path.remote;
  auto& script = ends.world.network().script();
  const auto rule = script.add(
      {"B's packets come from elsewhere",
       IkeMessageMatch{
           .source = ends.b.address(), .destination = {}, .exchange = {}, .response = {}, .message_id = {}},
       0, Altered{[](Packet& packet) { packet.set_udp_source({ip("203.0.113.99"), 4500}); }}, true});
  ends.rekey_child(ends.ib);
  ASSERT_TRUE(ends.world.run_for(1min));
  EXPECT_GE(script.applied(rule), 1u);
  EXPECT_EQ(ends.only(ends.ia).path.remote, before);
  EXPECT_EQ(ends.count<ike::PeerMoved>(ends.ia), 0u);
}

TEST(Nat, ForgottenMappingIsFoundAgainByThePeerBehindIt) {
  Scenario ends(Ends::quiet(), {.nat_of_a = usual});
  ASSERT_TRUE(ends.world.run_for(5min));
  ends.rekey_child(ends.ib);
  ASSERT_TRUE(ends.world.run_for(2s));
  EXPECT_GE(ends.world.network().counters().dropped(Drop::no_mapping), 1u);
  ends.rekey_ike(ends.ia);
  ASSERT_TRUE(ends.world.run_for(5min));
  EXPECT_EQ(ends.differences(), "") << ends.log();
  EXPECT_EQ(ends.count<ike::PeerMoved>(ends.ib), 1u) << ends.log();
}

TEST(Nat, KeepalivesLetThePeerSpeakAtAnyTime) {
  Scenario ends(with_keepalives(20s), {.nat_of_a = usual});
  const Endpoint before = ends.only(ends.ib).path.remote;
  ASSERT_TRUE(ends.world.run_for(30min));
  ends.rekey_child(ends.ib);
  ASSERT_TRUE(ends.world.run_for(2s));
  EXPECT_EQ(ends.world.network().counters().dropped(), 0u);
  EXPECT_EQ(ends.only(ends.ib).path.remote, before);
  EXPECT_EQ(ends.differences(), "") << ends.log();
}

EndOptions burdened(Burden& burden, std::size_t fragment_beyond) {
  EndOptions options;
  options.tap = &burden;
  options.change_peer = [fragment_beyond](ike::PeerConfiguration& peer) {
    peer.liveness_after = 0s;
    peer.keepalive_every = 0s;
    peer.fragment_beyond = fragment_beyond;
  };
  return options;
}

TEST(NarrowPath, IsPassedInFragments) {
  for (const bool nat : {false, true}) {
    Burden burden;
    Ends ends(1, burdened(burden, 600), {.nat_of_a = nat ? std::optional(usual) : std::nullopt});
    Network& network = ends.world.network();
    network.connect_rest(network.internet(), network.add_link("narrow", {.mtu = 600}));
    std::vector<Recorded> sent;
    network.add_tap(recorder(sent, [](const Sighting& one) { return one.what == Sighting::What::sent; }));
    ends.initiate();
    ASSERT_TRUE(ends.world.run_until_quiet(silence));
    EXPECT_EQ(ends.differences(), "") << ends.log();
    EXPECT_EQ(ends.children(), 1u) << ends.log();
    EXPECT_EQ(network.counters().dropped(), 0u);
    EXPECT_EQ(sent.size(), 2u + 2 * 7) << ends.log();
    std::size_t largest = 0;
    for (const Recorded& one : sent)
      largest = std::max(largest, one.packet.size());
    EXPECT_EQ(largest, 600u);
  }
}

TEST(NarrowPath, IsNotPassedByMoreThanItsMtu) {
  for (const std::size_t fragment_beyond : {0, 601}) {
    Burden burden;
    Ends ends(1, burdened(burden, fragment_beyond));
    Network& network = ends.world.network();
    network.connect_rest(network.internet(), network.add_link("narrow", {.mtu = 600}));
    ends.initiate();
    ASSERT_TRUE(ends.world.run_until_quiet(2min));
    EXPECT_GE(network.counters().dropped(Drop::too_big), 5u);
    for (const HostId id : {ends.ia, ends.ib})
      EXPECT_EQ(leftovers(ends.world, id), std::vector<std::string>()) << ends.log();
  }
}

TEST(NarrowPath, FragmentsMayBeLostRepeatedAndOutOfOrder) {
  std::uint64_t lost = 0;
  for (std::uint64_t seed = 0; seed < 40; ++seed) {
    Burden burden;
    Ends ends(seed, burdened(burden, 576));
    Network& network = ends.world.network();
    network.connect_rest(network.internet(), network.add_link("narrow", {.delay = 50ms,
                                                                         .jitter = 10ms,
                                                                         .loss = 0.1,
                                                                         .duplicate = 0.1,
                                                                         .duplicate_after = 2s,
                                                                         .reorder = 0.3,
                                                                         .reorder_by = 2s,
                                                                         .mtu = 600}));
    ends.initiate();
    ASSERT_TRUE(ends.world.run_until_quiet(silence));
    EXPECT_EQ(ends.differences(), "") << "seed " << seed << "\n" << ends.log();
    EXPECT_EQ(ends.children(), 1u) << "seed " << seed << "\n" << ends.log();
    lost += network.counters().dropped(Drop::lost);
  }
  EXPECT_GE(lost, 40u);
}

}  // namespace
}  // namespace mpsec::sim::test
