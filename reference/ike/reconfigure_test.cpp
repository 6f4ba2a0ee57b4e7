// What an administrator changes while IKE SAs are there, and ESP in UDP without a NAT.
#include "ike/test_world.hpp"

namespace mpsec::ike::test {
namespace {

Configuration changed(const Engine& engine, const std::function<void(Configuration&)>& change) {
  Configuration configuration = engine.configuration();
  change(configuration);
  return configuration;
}

TEST(Reconfigure, SasLiveOnAsTheyWereAgreed) {
  World world;
  world.initiate(world.a);
  world.deliver_all();
  Engine& engine = world.a.engine();
  ASSERT_TRUE(
      engine.reconfigure(changed(engine, [](Configuration& configuration) { configuration.peers.clear(); })));
  EXPECT_EQ(engine.ike_sas(), 1u);
  world
      .at(world.a, [&](Engine& one,
                       Actions& actions) { return one.rekey_ike(one.status().at(0).id, world.now, actions); })
      .value();
  world.deliver_all();
  world
      .at(world.a,
          [&](Engine& one, Actions& actions) {
            return one.rekey_child(one.status().at(0).children.at(0).id, world.now, actions);
          })
      .value();
  world.deliver_all();
  EXPECT_EQ(engine.ike_sas(), 1u) << world.a.log();
  EXPECT_EQ(world.disagreement(), "");
  const auto refused = world.at(world.a, [&](Engine& one, Actions& actions) {
    return one.initiate("peer", world.a.path(), world.now, actions);
  });
  ASSERT_FALSE(refused) << "that peer is gone";
}

TEST(Reconfigure, RefusesWhatCouldNeverWorkAndChangesNothing) {
  World world;
  Engine& engine = world.a.engine();
  EXPECT_FALSE(engine.reconfigure(
      changed(engine, [](Configuration& configuration) { configuration.peers.at(0).window = 0; })));
  EXPECT_EQ(engine.configuration().peers.at(0).window, 1u);
  world.initiate(world.a);
  world.deliver_all();
  EXPECT_EQ(engine.ike_sas(), 1u);
}

TEST(ForcedEncapsulation, GoesInUdpWithoutNatWhicheverEndAsksForIt) {
  for (const bool by_initiator : {true, false}) {
    EndOptions forced;
    forced.change_peer = [](PeerConfiguration& peer) { peer.force_encapsulation = true; };
    World world(by_initiator ? forced : EndOptions{}, by_initiator ? EndOptions{} : forced);
    world.initiate(world.a);
    world.deliver_all();
    ASSERT_EQ(world.disagreement(), "") << world.a.log() << world.b.log();
    for (const End* end : {&world.a, &world.b}) {
      ASSERT_EQ(end->installed.size(), 1u);
      EXPECT_EQ(World::only(const_cast<End&>(*end)).path.local.port, nat_port);
    }
    EXPECT_TRUE(World::only(by_initiator ? world.b : world.a).peer_is_behind_nat);
    EXPECT_FALSE(World::only(by_initiator ? world.a : world.b).we_are_behind_nat);
  }
}

}  // namespace
}  // namespace mpsec::ike::test
