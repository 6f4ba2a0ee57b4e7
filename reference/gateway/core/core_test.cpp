#include "gateway/core/core.hpp"

#include <gmock/gmock.h>

#include "gateway/core/test_gateways.hpp"

namespace mpsec::gateway::test {
namespace {

using testing::ElementsAre;

std::size_t children(Gateway& gateway) {
  std::size_t all = 0;
  for (const IkeReport& sa : gateway.core().status().ike_sas)
    all += sa.children.size();
  return all;
}

// All paths of its peer, without a packet.
void bring_up(World& world) {
  world.at(world.a, [&](Core& core, Output& output) { return core.initiate("peer", "", world.now, output); })
      .value();
  world.deliver_all();
}

TEST(Core, APacketAsksForAnSaAndGoesOnceItIsThere) {
  World world;
  world.send(world.a, packet());
  EXPECT_TRUE(world.b.delivered.empty()) << "nothing goes clear";
  world.deliver_all();
  world.send(world.a, packet(true, 7));
  world.deliver_all();
  EXPECT_THAT(world.b.delivered, ElementsAre(packet(), packet(true, 7))) << world.logs();
  world.send(world.b, packet(false, 8));
  world.deliver_all();
  EXPECT_THAT(world.a.delivered, ElementsAre(packet(false, 8)));
  const Status status = world.a.core().status();
  ASSERT_EQ(status.ike_sas.size(), 1u);
  ASSERT_EQ(status.ike_sas[0].children.size(), 1u);
  const SaTraffic& traffic = status.ike_sas[0].children[0].traffic;
  EXPECT_EQ(traffic.packets_out, 2u);
  EXPECT_EQ(traffic.highest_in, 1u);
}

TEST(Core, ManyPacketsAskForOneSa) {
  World world;
  for (int i = 0; i < 20; ++i)
    world.send(world.a, packet());
  world.deliver_all();
  EXPECT_EQ(world.a.core().status().ike_sas.size(), 1u) << world.logs();
  EXPECT_EQ(children(world.a), 1u);
  EXPECT_EQ(world.b.delivered.size(), 16u) << "no more are kept";
  EXPECT_EQ(world.a.core().counters().sent_after_waiting, 16u);
  EXPECT_EQ(world.a.core().counters().given_up_waiting, 4u);
}

TEST(Core, APacketDoesNotWaitForEverNorForNobody) {
  World world;
  world.lost = [](const World::OnTheWay&) { return true; };
  world.send(world.a, packet());
  world.run_for(4s);
  EXPECT_EQ(world.a.core().counters().given_up_waiting, 1u);
  world.lost = [](const World::OnTheWay&) { return false; };
  world.run_for(1min);
  EXPECT_EQ(children(world.a), 1u) << world.logs();
  EXPECT_TRUE(world.b.delivered.empty());
  World passive({.start = Start::none}, {});
  passive.send(passive.a, packet());
  passive.run_for(4s);
  EXPECT_EQ(passive.a.core().counters().given_up_waiting, 0u) << "it was not kept: nobody is begun with";
}

TEST(Core, BeginsAtOnceAndAgainWhenThePeerIsGone) {
  World world({.start = Start::at_once}, {.start = Start::none});
  world.run_for(1s);
  ASSERT_EQ(children(world.b), 1u) << world.logs();
  const auto sa = world.b.core().status().ike_sas.at(0).ike.id;
  world.at(world.b, [&](Core& core, Output& output) { return core.terminate_ike(sa, world.now, output); })
      .value();
  world.deliver_all();
  EXPECT_EQ(children(world.a), 0u);
  world.run_for(10s);
  EXPECT_EQ(children(world.a), 1u) << world.logs();
}

TEST(Core, GoesInUdpWhereItIsForced) {
  World world({.force_encapsulation = true}, {});
  bring_up(world);
  world.send(world.a, packet());
  ASSERT_EQ(world.wire.size(), 1u) << world.logs();
  EXPECT_EQ(std::get<Octets>(world.wire.front().what).at(9), 17) << "UDP";
  world.deliver_all();
  EXPECT_EQ(world.b.delivered.size(), 1u);
}

TEST(Core, RekeysUnderTrafficWithoutLoss) {
  World world;
  bring_up(world);
  std::size_t sent = 0;
  for (int round = 0; round < 6; ++round) {
    Gateway& who = round % 2 == 0 ? world.a : world.b;
    const IkeReport report = who.core().status().ike_sas.at(0);
    world
        .at(who,
            [&](Core& core, Output& output) {
              return round < 4 ? core.rekey_child(report.children.at(0).ike.id, world.now, output)
                               : core.rekey_ike(report.ike.id, world.now, output);
            })
        .value();
    while (!world.wire.empty()) {
      world.send(world.a, packet(true, static_cast<std::uint8_t>(++sent)));
      world.deliver(world.wire.size());
    }
    EXPECT_EQ(children(world.a), 1u) << world.logs();
  }
  EXPECT_EQ(world.b.delivered.size(), sent) << world.logs();
}

TEST(Core, DeletesEverythingWhenItStops) {
  World world;
  bring_up(world);
  world.at(world.a, [&](Core& core, Output& output) { return core.stop(world.now, output), 0; });
  EXPECT_FALSE(world.a.core().stopped());
  world.deliver_all();
  EXPECT_TRUE(world.a.core().stopped());
  EXPECT_EQ(children(world.b), 0u);
  world.send(world.a, packet());
  EXPECT_TRUE(world.wire.empty()) << "nothing is begun any more";
}

TEST(Core, SaysThatAPathIsUnknown) {
  World world;
  const auto begin = [&](const char* peer, const char* path) {
    return world.at(world.a,
                    [&](Core& core, Output& output) { return core.initiate(peer, path, world.now, output); });
  };
  EXPECT_EQ(to_string(begin("nobody", "").error()), "peer 'nobody': there is none of that name");
  EXPECT_EQ(to_string(begin("peer", "x").error()),
            "peer 'peer'/path 'x': it has no such path; give it one in `paths`, with addresses");
  EXPECT_EQ(begin("peer", "").value().size(), 1u);
  EXPECT_EQ(begin("peer", "").value().size(), 0u) << "it was begun already";
}

// --- clusters

Plan clustered(std::size_t paths) {
  Plan plan;
  plan.paths = paths;
  plan.cluster = true;
  plan.change = [](Settings& settings) {
    settings.clusters["net"].scheduler = "round-robin burst=1";
    settings.clusters["net"].reordering.emplace();
  };
  return plan;
}

TEST(CoreClusters, EveryPathJoinsAndCarriesItsShare) {
  World world(clustered(3));
  bring_up(world);
  for (std::uint8_t i = 1; i <= 30; ++i) {
    world.send(world.a, packet(true, i));
    world.deliver_all();
  }
  ASSERT_EQ(world.b.delivered.size(), 30u) << world.logs();
  const Status status = world.a.core().status();
  ASSERT_EQ(status.clusters.size(), 1u) << world.logs();
  EXPECT_EQ(status.clusters[0].valid_sub_sas, 3u);
  for (const IkeReport& sa : status.ike_sas)
    EXPECT_EQ(sa.children.at(0).traffic.packets_out, 10u);
  EXPECT_EQ(world.b.core().status().clusters.at(0).highest_in, 30u);
}

TEST(CoreClusters, RestoreTheOrderThatPathsHaveLost) {
  World world(clustered(2));
  bring_up(world);
  for (std::uint8_t i = 1; i <= 10; ++i)
    world.send(world.a, packet(true, i));
  std::ranges::reverse(world.wire);
  world.deliver_all();
  ASSERT_EQ(world.b.delivered.size(), 10u) << world.logs();
  for (std::uint8_t i = 1; i <= 10; ++i)
    EXPECT_EQ(world.b.delivered[i - 1], packet(true, i));
}

TEST(CoreClusters, ADeadPathIsLeftAndItsPacketsGoByTheOther) {
  World world(clustered(2));
  bring_up(world);
  const auto on_second = [](const World::OnTheWay& one) {
    const auto* datagram = std::get_if<Datagram>(&one.what);
    if (datagram != nullptr)
      return datagram->local.address == outer(2, 1) || datagram->local.address == outer(1, 1);
    const auto& octets = std::get<Octets>(one.what);
    return IpAddress::v4(octets.data() + 12) == outer(1, 1) ||
           IpAddress::v4(octets.data() + 12) == outer(2, 1);
  };
  world.lost = on_second;
  world.run_for(2min);
  world.a.delivered.clear(), world.b.delivered.clear();
  for (std::uint8_t i = 1; i <= 10; ++i) {
    world.send(world.a, packet(true, i));
    world.deliver_all();
    world.run_for(100ms);
  }
  EXPECT_EQ(world.b.delivered.size(), 10u) << world.logs();
  EXPECT_FALSE((world.a.told<cluster::ClusterEvent, cluster::PathChanged>().empty()));
}

TEST(CoreClusters, APeerWithoutClustersGetsOneOrdinarySa) {
  Plan plain;
  plain.paths = 2;
  World world(clustered(2), plain);
  bring_up(world);
  world.send(world.a, packet(true, 1));
  world.deliver_all();
  EXPECT_EQ(world.b.delivered.size(), 1u) << world.logs();
  EXPECT_TRUE(world.a.core().status().clusters.empty());
}

// Both files say so, IKE does not: without a JOIN on the wire.
Plan configured(bool at_this_end, bool towards_ordinary) {
  Plan plan = clustered(2);
  plan.change = [at_this_end, towards_ordinary](Settings& settings) {
    ike::ChildConfiguration& child = settings.ike.peers[0].children[0];
    child.cluster.reset();
    child.replay_window = 4096;
    ClusterSettings& cluster = settings.clusters["net"];
    cluster.scheduler = "round-robin burst=1";
    cluster.negotiated = !at_this_end || towards_ordinary;
    cluster.share_with_ordinary_peer = at_this_end && towards_ordinary;
    if (!at_this_end) settings.policies[0].protect->by = ipsec::SaTemplate{};
  };
  return plan;
}

TEST(CoreClusters, PathsByConfigurationAreBegunOneAfterTheOther) {
  Plan begins = configured(true, false), waits = begins;
  begins.start = Start::at_once, waits.start = Start::none;
  World world(begins, waits);
  world.at(world.a, [&](Core& core, Output& output) { return core.on_time(world.now, output), 0; });
  EXPECT_EQ(world.wire.size(), 1u) << "the other one waits";
  world.deliver_all();
  for (Gateway* end : {&world.a, &world.b}) {
    const Status status = end->core().status();
    ASSERT_EQ(status.clusters.size(), 1u) << world.logs();
    EXPECT_EQ(status.clusters[0].valid_sub_sas, 2u) << world.logs();
  }
}

TEST(CoreClusters, APacketAsksForAllPathsByConfigurationToo) {
  World world(configured(true, false));
  world.send(world.a, packet());
  world.deliver_all();
  EXPECT_EQ(world.b.core().status().clusters.at(0).valid_sub_sas, 2u) << world.logs();
  EXPECT_EQ(world.b.delivered.size(), 1u);
}

// One after the other: an INITIAL_CONTACT that crosses the founding of another path would end that one.
void begin_both(World& world, Gateway& who) {
  for (const char* path : {"path 1", "path 2"}) {
    world.at(who, [&](Core& core, Output& output) { return core.initiate("peer", path, world.now, output); })
        .value();
    world.deliver_all();
  }
}

void send_over_both(World& world) {
  begin_both(world, world.a);
  for (std::uint8_t i = 1; i <= 20; ++i) {
    world.send(world.a, packet(true, i));
    world.send(world.b, packet(false, i));
    world.deliver_all();
  }
}

TEST(CoreClusters, CanBeAgreedByConfigurationAtBothEnds) {
  World world(configured(true, false));
  send_over_both(world);
  EXPECT_EQ(world.b.delivered.size(), 20u) << world.logs();
  const Status status = world.b.core().status();
  ASSERT_EQ(status.clusters.size(), 1u);
  EXPECT_EQ(status.clusters[0].valid_sub_sas, 2u);
  EXPECT_FALSE(status.clusters[0].negotiated);
  EXPECT_EQ(status.clusters[0].highest_in, 20u);
}

//= profile/8/shared-numbers-to-an-ordinary-peer
TEST(CoreClusters, ShareNumbersWithAPeerThatCountsEachSaForItself) {
  World world(configured(true, true), configured(false, false));
  send_over_both(world);
  EXPECT_EQ(world.b.delivered.size(), 20u) << world.logs();
  EXPECT_EQ(world.a.delivered.size(), 20u) << "each of the peer's SAs has numbers of its own";
  std::uint64_t highest = 0, packets = 0;
  for (const IkeReport& sa : world.b.core().status().ike_sas) {
    highest = std::max(highest, sa.children.at(0).traffic.highest_in);
    packets += sa.children.at(0).traffic.packets_in;
  }
  EXPECT_EQ(packets, 20u);
  EXPECT_EQ(highest, 20u) << "one source for both";
}

TEST(CoreClusters, TellOfAPeerThatDoesNotShareItsNumbers) {
  World world(configured(true, false), configured(false, false));
  begin_both(world, world.b);
  // The data path sends on the SA that was made last, so they go in that order: each begins with number 1.
  const Status before = world.b.core().status();
  world.send(world.b, packet(false, 1));
  world.deliver_all();
  const ike::ChildId newest = before.ike_sas.back().children.at(0).ike.id;
  world
      .at(world.b,
          [&](Core& core, Output& output) { return core.terminate_child(newest, world.now, output); })
      .value();
  world.deliver_all();
  world.send(world.b, packet(false, 1));
  world.deliver_all();
  world.run_for(1s);
  world.send(world.b, packet(false, 2));
  world.deliver_all();
  EXPECT_FALSE((world.a.told<cluster::ClusterEvent, cluster::NumbersNotShared>().empty())) << world.logs();
}

TEST(CoreClusters, RekeyKeepsNumbersAndMembership) {
  World world(clustered(2));
  bring_up(world);
  for (int round = 0; round < 3; ++round) {
    for (const IkeReport& sa : world.a.core().status().ike_sas) {
      world
          .at(world.a,
              [&](Core& core, Output& output) {
                return core.rekey_child(sa.children.at(0).ike.id, world.now, output);
              })
          .value();
      world.deliver_all();
      world.send(world.a, packet());
      world.deliver_all();
    }
  }
  const ClusterReport report = world.b.core().status().clusters.at(0);
  EXPECT_EQ(report.sub_sas, 2u) << world.logs();
  EXPECT_EQ(report.highest_in, 6u) << "one source of numbers over all rekeys";
  EXPECT_EQ(world.b.delivered.size(), 6u);
}

// --- reload

TEST(CoreReload, KeepsSasAndTakesNewPeers) {
  World world;
  bring_up(world);
  Settings fresh = settings(1, {});
  fresh.ike.peers[0].name = "other", fresh.peers["other"] = fresh.peers["peer"];
  fresh.peers.erase("peer");
  fresh.ike.peers[0].children[0].name = "other net";
  world
      .at(world.a,
          [&](Core& core, Output& output) { return core.reload(std::move(fresh), world.now, output); })
      .value();
  EXPECT_EQ(children(world.a), 1u);
  world.send(world.b, packet(false, 1));
  world.deliver_all();
  EXPECT_EQ(world.a.core().status().ike_sas.at(0).children.at(0).traffic.packets_in, 1u)
      << "the SA lives on as it was agreed";
}

TEST(CoreReload, RefusesWhatIsReadAtTheStartOnly) {
  World world;
  Settings fresh = settings(1, {});
  fresh.tun.mtu = 1300;
  const auto refused = world.at(
      world.a, [&](Core& core, Output& output) { return core.reload(std::move(fresh), world.now, output); });
  ASSERT_FALSE(refused);
  EXPECT_EQ(
      refused.error().why,
      "tun changed, and is read at the start only: nothing was reloaded; restart, or put back what it was");
}

}  // namespace
}  // namespace mpsec::gateway::test
