// The exchanges between two engines, one datagram at a time.
#include "ike/test_world.hpp"

namespace mpsec::ike::test {
namespace {

IkeStatus only(End& end) {
  return World::only(end);
}

// Both still have one IKE SA with one child, and the same one.
void expect_one_pair(World& world) {
  EXPECT_EQ(world.disagreement(), "") << world.a.log() << "--\n" << world.b.log();
  for (End* end : {&world.a, &world.b}) {
    EXPECT_EQ(only(*end).state, IkeState::established);
    EXPECT_EQ(only(*end).children.size(), 1u) << end->log();
    EXPECT_EQ(end->installed.size(), 1u);
  }
}

TEST(InitialExchanges, FourMessagesMakeAnIkeSaAndAChild) {
  World world;
  world.initiate(world.a);
  for (int sent = 0; sent < 4; ++sent) {
    ASSERT_EQ(world.wire.size(), 1u) << "message " << sent << "\n" << world.a.log() << world.b.log();
    world.deliver(world.take());
  }
  EXPECT_TRUE(world.wire.empty());
  expect_one_pair(world);
}

TEST(InitialExchanges, CookieIsAskedForAndGiven) {
  World world({}, {.cookies_from = 0});
  world.establish();
  EXPECT_EQ(world.b.engine().counters().cookies_sent, 1u);
  expect_one_pair(world);
}

TEST(InitialExchanges, OtherGroupIsAskedForAndTaken) {
  EndOptions a, b;
  a.ike_proposals[0].key_exchange = {crypto::KeyExchangeId::curve25519, crypto::KeyExchangeId::ecp_256};
  b.ike_proposals[0].key_exchange = {crypto::KeyExchangeId::ecp_256};
  World world(a, b);
  world.establish();
  expect_one_pair(world);
  EXPECT_NE(only(world.a).suite.find("256-bit"), std::string::npos) << only(world.a).suite;
}

TEST(InitialExchanges, CookieAndOtherGroupTogether) {
  EndOptions a, b;
  a.ike_proposals[0].key_exchange = {crypto::KeyExchangeId::curve25519, crypto::KeyExchangeId::ecp_256};
  b.ike_proposals[0].key_exchange = {crypto::KeyExchangeId::ecp_256};
  b.cookies_from = 0;
  World world(a, b);
  world.establish();
  expect_one_pair(world);
}

TEST(InitialExchanges, WrongKeyIsRefusedByTheResponder) {
  EndOptions other;
  other.key = "another key";
  World world({}, other);
  world.initiate(world.a);
  world.deliver_all();
  EXPECT_EQ(world.a.engine().ike_sas(), 0u) << world.a.log();
  EXPECT_EQ(world.b.engine().ike_sas(), 0u) << world.b.log();
  EXPECT_NE(world.a.log().find("AUTHENTICATION_FAILED"), std::string::npos) << world.a.log();
}

TEST(InitialExchanges, NoCommonProposal) {
  EndOptions other;
  other.ike_proposals[0].encryption = {{crypto::EncryptionId::chacha20_poly1305, {}}};
  World world({}, other);
  world.initiate(world.a);
  world.deliver_all();
  EXPECT_EQ(world.b.engine().ike_sas(), 0u);
  world.run_for(5min);
  EXPECT_EQ(world.a.engine().ike_sas(), 0u);
  EXPECT_NE(world.a.log().find("NO_PROPOSAL_CHOSEN"), std::string::npos) << world.a.log();
}

TEST(InitialExchanges, ChildThatFailsLeavesTheIkeSa) {
  EndOptions other;
  other.child_proposals[0].encryption = {{crypto::EncryptionId::chacha20_poly1305, {}}};
  World world({}, other);
  world.initiate(world.a);
  world.deliver_all();
  EXPECT_EQ(only(world.a).state, IkeState::established);
  EXPECT_TRUE(only(world.a).children.empty());
  EXPECT_EQ(world.disagreement(), "");
}

TEST(InitialExchanges, EveryMessageMayBeLostOnce) {
  for (std::size_t lost = 0; lost < 4; ++lost) {
    World world;
    world.initiate(world.a);
    for (std::size_t sent = 0; !world.wire.empty(); ++sent) {
      const Datagram datagram = world.take();
      if (sent != lost) world.deliver(datagram);
    }
    world.run_for(3s);
    expect_one_pair(world);
  }
}

TEST(InitialExchanges, EveryMessageMayComeTwice) {
  World world;
  world.initiate(world.a);
  for (int i = 0; i < 100 && !world.wire.empty(); ++i) {
    const Datagram datagram = world.take();
    world.deliver(datagram);
    if (i < 20) world.deliver(datagram);
  }
  expect_one_pair(world);
}

TEST(InitialExchanges, HalfOpenEnds) {
  World world;
  world.initiate(world.a);
  world.deliver(world.take());
  EXPECT_EQ(world.b.engine().half_open(), 1u);
  world.wire.clear();
  world.now += 31s;
  world.at(world.b, [&](Engine& engine, Actions& actions) { return engine.on_time(world.now, actions), 0; });
  EXPECT_EQ(world.b.engine().half_open(), 0u);
  EXPECT_EQ(world.b.engine().ike_sas(), 0u);
}

TEST(CreateChildSa, RekeyReplacesTheChild) {
  World world;
  world.establish();
  const Spi before = only(world.a).children[0].inbound;
  world.rekey_child(world.a);
  world.deliver_all();
  expect_one_pair(world);
  EXPECT_NE(only(world.a).children[0].inbound, before);
}

TEST(CreateChildSa, RekeyWithPerfectForwardSecrecyAndAnotherGroup) {
  EndOptions a, b;
  a.child_proposals[0].key_exchange = {crypto::KeyExchangeId::curve25519, crypto::KeyExchangeId::ecp_256};
  b.child_proposals[0].key_exchange = {crypto::KeyExchangeId::ecp_256};
  World world(a, b);
  world.establish();
  world.rekey_child(world.a);
  world.deliver_all();
  expect_one_pair(world);
}

TEST(InitialExchanges, TfcPaddingOnlyTowardsAPeerThatTakesIt) {
  for (const bool takes : {true, false}) {
    EndOptions a, b;
    a.change_peer = [](PeerConfiguration& peer) { peer.children[0].pad_to_multiple_of = 256; };
    b.change_peer = [takes](PeerConfiguration& peer) { peer.children[0].tfc_padding = takes; };
    World world(a, b);
    world.establish();
    EXPECT_EQ(world.a.installed.begin()->second.outbound->tfc_multiple, takes ? 256u : 0u);
  }
}

TEST(CreateChildSa, NewChild) {
  World world;
  world.establish();
  const IkeSaId sa = only(world.b).id;
  world
      .at(world.b, [&](Engine& engine,
                       Actions& actions) { return engine.create_child(sa, "net", world.now, actions); })
      .value();
  world.deliver_all();
  EXPECT_EQ(world.disagreement(), "");
  EXPECT_EQ(only(world.a).children.size(), 2u);
}

TEST(CreateChildSa, IkeRekeyKeepsTheChildren) {
  World world;
  world.establish();
  const IkeSpis before = only(world.a).spis;
  const Spi child = only(world.a).children[0].inbound;
  world.rekey_ike(world.a);
  world.deliver_all();
  expect_one_pair(world);
  EXPECT_NE(only(world.a).spis, before);
  EXPECT_EQ(only(world.a).children[0].inbound, child);
  // and the responder may do the same, with the parts exchanged
  world.rekey_ike(world.b);
  world.deliver_all();
  expect_one_pair(world);
  EXPECT_EQ(only(world.b).role, Role::initiator);
}

TEST(Informational, ChildDelete) {
  World world;
  world.establish();
  world.delete_child(world.b);
  world.deliver_all();
  EXPECT_EQ(world.disagreement(), "");
  EXPECT_TRUE(world.a.installed.empty());
  EXPECT_EQ(only(world.a).state, IkeState::established);
}

TEST(Informational, IkeDelete) {
  World world;
  world.establish();
  world.close(world.a);
  world.deliver_all();
  EXPECT_EQ(world.a.engine().ike_sas() + world.b.engine().ike_sas(), 0u) << world.a.log() << world.b.log();
  EXPECT_TRUE(world.a.installed.empty() && world.b.installed.empty());
}

TEST(Informational, LivenessFindsADeadPeer) {
  World world;
  world.establish();
  world.run_for(31s);
  EXPECT_EQ(world.disagreement(), "");
  // B is gone: what A sends is lost
  for (int i = 0; i < 100 && world.a.engine().ike_sas() == 1; ++i) {
    world.now = *world.a.engine().next_deadline();
    world.at(world.a,
             [&](Engine& engine, Actions& actions) { return engine.on_time(world.now, actions), 0; });
    world.wire.clear();
  }
  EXPECT_EQ(world.a.engine().ike_sas(), 0u);
  EXPECT_TRUE(world.a.installed.empty());
}

// --- RFC 7296 2.8.1, 2.8.2, 2.25

TEST(Collisions, BothRekeyTheChild) {
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    World world({}, {}, seed);
    world.establish();
    world.rekey_child(world.a);
    world.rekey_child(world.b);
    world.deliver_all();
    expect_one_pair(world);
  }
}

TEST(Collisions, BothRekeyTheIkeSa) {
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    World world({}, {}, seed);
    world.establish();
    world.rekey_ike(world.a);
    world.rekey_ike(world.b);
    world.deliver_all();
    world.run_for(10s);
    expect_one_pair(world);
  }
}

TEST(Collisions, BothDeleteTheChild) {
  World world;
  world.establish();
  world.delete_child(world.a);
  world.delete_child(world.b);
  world.deliver_all();
  EXPECT_EQ(world.disagreement(), "");
  EXPECT_TRUE(world.a.installed.empty());
}

TEST(Collisions, BothCloseTheIkeSa) {
  World world;
  world.establish();
  world.close(world.a);
  world.close(world.b);
  world.deliver_all();
  EXPECT_EQ(world.a.engine().ike_sas() + world.b.engine().ike_sas(), 0u);
}

TEST(Collisions, ChildRekeyMeetsItsDelete) {
  World world;
  world.establish();
  world.rekey_child(world.a);
  world.delete_child(world.b);
  world.deliver_all();
  world.run_for(40s);
  EXPECT_EQ(world.disagreement(), "") << world.a.log() << "--\n" << world.b.log();
}

TEST(Collisions, ChildRekeyMeetsAnIkeRekey) {
  World world;
  world.establish();
  world.rekey_child(world.a);
  world.rekey_ike(world.b);
  world.deliver_all();
  world.run_for(40s);
  expect_one_pair(world);
}

// The second sequence of RFC 7296 2.8.1: A's request is lost until B is done.
TEST(Collisions, OneEndDoesNotNoticeTheChildRekey) {
  World world;
  world.establish();
  world.rekey_child(world.a);
  const Datagram late = world.take();
  world.rekey_child(world.b);
  world.deliver_all();
  world.deliver(late);
  world.deliver_all();
  expect_one_pair(world);
}

// RFC 7296 2.8.2's special case.
TEST(Collisions, OneEndDoesNotNoticeTheIkeRekey) {
  World world;
  world.establish();
  world.rekey_ike(world.b);
  const Datagram late = world.take();
  world.rekey_ike(world.a);
  world.deliver_all();
  world.deliver(late);
  world.deliver_all();
  world.run_for(40s);
  expect_one_pair(world);
}

}  // namespace
}  // namespace mpsec::ike::test
