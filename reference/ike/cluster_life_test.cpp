// Clusters over time: rekeys, IKE rekeys, ends, INITIAL_CONTACT, foundings that cross joins, replacement.
#include "ike/test_clusters.hpp"

namespace mpsec::ike::test {
namespace {

using namespace wire::ike;

void rekey_first_child(Clustered& world, End& end) {
  world
      .at(end,
          [&](Engine& engine, Actions& actions) {
            return engine.rekey_child(engine.status().at(0).children.at(0).id, world.now, actions);
          })
      .value();
}

TEST(ClusterLife, ARekeyedSubSaStaysAndTheNewOneJoinsBeforeTheOldLeaves) {
  Clustered world;
  world.up();
  const ClusterId cluster = world.only_cluster(world.a);
  for (End* end : {&world.a, &world.b}) {
    const std::size_t joined = end->count<ClusterJoined>();
    rekey_first_child(world, *end);
    world.deliver_all();
    EXPECT_EQ(end->count<ClusterJoined>(), joined + 1);
    EXPECT_EQ(world.seen(), "1 cluster of 2 sub-SAs") << end->log();
  }
  EXPECT_EQ(world.only_cluster(world.a), cluster);
  for (const End* end : {&world.a, &world.b}) {
    std::size_t left = 3;
    for (const Event& event : end->events)
      if (const auto* leaving = std::get_if<ClusterLeft>(&event)) left = std::min(left, leaving->sub_sas);
    EXPECT_EQ(left, 2u) << "never fewer than were there\n" << end->log();
  }
}

// What PathState of the sub-SAs on an IKE SA lives on.
struct PathReports : testing::Test {
  Clustered world;
  IkeStatus first;
  PathReport::SubSa sub_sa{};
  std::vector<PathReport>& told = world.a.paths;

  void SetUp() override {
    world.up();
    first = world.a.engine().status().at(0);
    sub_sa = {world.only_cluster(world.a), first.children.at(0).id};
  }
  void check() {
    told.clear();
    world
        .at(world.a, [&](Engine& engine,
                         Actions& actions) { return engine.check_liveness(first.id, world.now, actions); })
        .value();
  }
  void lose_and_wait() {
    world.wire.clear();
    world.now = *world.a.engine().next_deadline();
    world.at(world.a,
             [&](Engine& engine, Actions& actions) { return engine.on_time(world.now, actions), 0; });
  }
};

TEST_F(PathReports, AnAnswerHasItsRoundTripWhereItsRequestWasSentOnce) {
  check();
  world.now += 30ms;
  world.deliver_all();
  ASSERT_EQ(told.size(), 1u) << world.a.log();
  EXPECT_EQ(told[0].sa, first.id);
  EXPECT_EQ(told[0].kind, PathReport::Kind::answered);
  EXPECT_EQ(told[0].round_trip, 30ms);
  EXPECT_EQ(told[0].sub_sas, std::vector{sub_sa});

  world.now += 1min;
  check();
  lose_and_wait();
  ASSERT_EQ(told.size(), 1u);
  EXPECT_EQ(told[0].kind, PathReport::Kind::unanswered);
  world.deliver_all();
  ASSERT_EQ(told.size(), 2u);
  EXPECT_EQ(told[1].kind, PathReport::Kind::answered);
  EXPECT_FALSE(told[1].round_trip) << "it was sent twice";
}

// Traffic says that the peer is alive, and nothing of how long its answers take.
TEST(Probes, MeasurePathsBesideTraffic) {
  for (const bool probes : {false, true}) {
    EndOptions a = clustered();
    a.change_peer = [probes, before = a.change_peer](PeerConfiguration& peer) {
      before(peer);
      peer.liveness_after = 30s;
      if (probes) peer.probe_every = 1s;
    };
    Clustered world(a, clustered(8192));
    world.up();
    const IkeStatus first = world.a.engine().status().at(0);
    world.a.paths.clear();
    for (int i = 0; i < 100; ++i) {
      world.run_for(100ms);
      world.at(world.a, [&](Engine& engine, Actions& actions) {
        for (const IkeStatus& sa : engine.status())
          engine.on_traffic({ipsec::Protocol::esp, sa.children.at(0).inbound, {}, true}, world.now, actions);
        return 0;
      });
    }
    const auto measured = std::ranges::count_if(world.a.paths, [&](const PathReport& report) {
      return report.sa == first.id && report.kind == PathReport::Kind::answered &&
             report.round_trip.has_value();
    });
    EXPECT_GE(measured, probes ? 9 : 0);
    EXPECT_LE(measured, probes ? 10 : 0);
  }
}

TEST_F(PathReports, APeerThatIsGivenUpIsSoOnThePathsOfItsSubSas) {
  check();
  while (world.a.engine().ike_sas() == 2)
    lose_and_wait();
  ASSERT_GT(told.size(), 2u);
  EXPECT_EQ(told.back().kind, PathReport::Kind::given_up);
  EXPECT_EQ(told.back().sub_sas, std::vector{sub_sa});
  for (std::size_t i = 0; i + 1 < told.size(); ++i)
    EXPECT_EQ(told[i].kind, PathReport::Kind::unanswered);
}

TEST(ClusterLife, CollidingRekeysLeaveOneSubSaEach) {
  Clustered world;
  world.up();
  rekey_first_child(world, world.a);
  rekey_first_child(world, world.b);
  world.deliver_all();
  EXPECT_EQ(world.seen(), "1 cluster of 2 sub-SAs") << world.a.log() << "--\n" << world.b.log();
}

// B deletes the old one before its answer to the rekey comes: what was agreed on is all that is left.
TEST(ClusterLife, AClusterWaitsForTheAnswerThatSavesIt) {
  Clustered world;
  world.initiate(world.a);
  world.deliver_all();
  const ClusterId cluster = world.only_cluster(world.a);
  rekey_first_child(world, world.a);
  world.deliver(world.take());
  const Datagram answer = world.take();
  world.delete_child(world.b);
  world.deliver(world.take());
  EXPECT_TRUE(world.a.installed.empty());
  EXPECT_EQ(world.a.count<ClusterEnded>(), 0u);
  world.deliver(answer);
  world.deliver_all();
  EXPECT_EQ(world.seen(), "1 cluster of 1 sub-SAs") << world.a.log() << world.b.log();
  EXPECT_EQ(world.only_cluster(world.b), cluster);
  // Were it refused, that would be the end.
  rekey_first_child(world, world.a);
  world.take();
  world.delete_child(world.b);
  world.run_for(1min);
  EXPECT_EQ(world.seen(), "0 clusters of  sub-SAs") << world.a.log() << world.b.log();
  EXPECT_EQ(world.a.count<ClusterEnded>(), 1u);
}

TEST(ClusterLife, AReplyToARekeyWithoutMembershipIsNoSubSa) {
  Bender tap;
  EndOptions b = clustered(8192);
  b.tap = &tap;
  Clustered world(clustered(), b);
  world.up();
  const auto before = world.a.installed.begin()->first;
  tap.out = [](Message& message) { remove_notify(message, NotifyType::sa_cluster_join); };
  rekey_first_child(world, world.a);
  world.deliver_all();
  EXPECT_TRUE(world.a.installed.contains(before)) << "the old one is kept";
  EXPECT_EQ(world.seen(), "1 cluster of 2 sub-SAs") << world.a.log();
}

TEST(ClusterLife, ARekeyWithoutMembershipIsRefused) {
  Bender tap;
  EndOptions a = clustered();
  a.tap = &tap;
  Clustered world(a, clustered(8192));
  world.up();
  tap.out = [](Message& message) { remove_notify(message, NotifyType::sa_cluster_join); };
  rekey_first_child(world, world.a);
  world.deliver_all();
  EXPECT_EQ(refusal_told_by(world.b), "unequal field: membership");
  EXPECT_EQ(world.seen(), "1 cluster of 2 sub-SAs");
}

TEST(ClusterLife, AnIkeRekeyKeepsMembership) {
  Clustered world;
  world.up();
  for (End* end : {&world.a, &world.b}) {
    const IkeSaId id = end->engine().status().at(0).id;
    world.at(*end, [&](Engine& engine, Actions& actions) { return engine.rekey_ike(id, world.now, actions); })
        .value();
    world.deliver_all();
    EXPECT_EQ(world.seen(), "1 cluster of 2 sub-SAs");
  }
  EXPECT_EQ(world.a.count<ClusterLeft>(), 0u);
  // The successor knows what its predecessor heard.
  world.create_child(world.b, 1);
  EXPECT_EQ(world.seen(), "1 cluster of 3 sub-SAs") << world.b.log();
}

TEST(ClusterLife, AnIkeSaTakesItsOwnSubSasWithItAndTheLastOnesTheCluster) {
  Clustered world;
  world.up();
  world.create_child(world.a, 1);
  for (const char* left : {"1 cluster of 2 sub-SAs", "0 clusters of  sub-SAs"}) {
    const IkeSaId id = world.a.engine().status().front().id;
    world.at(world.a, [&](Engine& engine, Actions& actions) { return engine.close(id, world.now, actions); })
        .value();
    world.deliver_all();
    EXPECT_EQ(world.seen(), left) << world.a.log();
  }
  EXPECT_EQ(world.a.count<ClusterEnded>(), 1u);
  EXPECT_EQ(world.b.count<ClusterEnded>(), 1u);
}

TEST(ClusterLife, EndsByCommand) {
  Clustered world;
  world.up();
  world.at(world.b, [&](Engine& engine, Actions& actions) {
    return engine.end_cluster(engine.cluster_status().at(0).id, world.now, actions);
  });
  world.deliver_all();
  EXPECT_EQ(world.seen(), "0 clusters of  sub-SAs");
  EXPECT_EQ(world.a.engine().ike_sas(), 2u);
  EXPECT_TRUE(world.a.installed.empty());
}

// --- INITIAL_CONTACT

TEST(ClusterLife, OnlyTheFirstIkeSaSaysInitialContact) {
  Bender tap;
  int said = 0;
  tap.out = [&](Message& message) {
    said += notify_in(message, NotifyType::initial_contact) != nullptr ? 1 : 0;
  };
  EndOptions a = clustered();
  a.tap = &tap;
  Clustered world(a, clustered(8192));
  // The second is on its way before the first is answered.
  world.initiate(world.a);
  world.initiate(world.a, world.a.second_path());
  world.deliver_all();
  EXPECT_EQ(world.seen(), "1 cluster of 2 sub-SAs") << world.a.log();
  EXPECT_EQ(said, 1);
}

TEST(ClusterLife, InitialContactOnAnotherPathRemovesNothingThatIsAlive) {
  Bender tap;
  EndOptions a = clustered();
  a.tap = &tap;
  Clustered world(a, clustered(8192));
  world.initiate(world.a);
  world.deliver_all();
  tap.out = [](Message& message) {
    if (notify_in(message, NotifyType::sa_cluster_join) == nullptr) return;
    message.payloads.push_back(make_payload(make_notify(NotifyType::initial_contact)));
    EXPECT_TRUE(complete(message));
  };
  world.initiate(world.a, world.a.second_path());
  world.deliver_all();
  world.run_for(5min);
  EXPECT_EQ(world.seen(), "1 cluster of 2 sub-SAs") << world.b.log();
}

TEST(ClusterLife, InitialContactOfAPeerThatHasRestartedEndsWhatIsDead) {
  Clustered world;
  world.up();
  const EndOptions again = clustered();
  End reborn("a.example", "b.example", world.a.address(), world.b.address(), again, 77);
  std::deque<Datagram> wire;
  const auto drive = [&](Duration duration) {
    const Instant until = world.now + duration;
    while (world.now < until) {
      while (!world.wire.empty()) {
        const Datagram sent = world.take();
        End& to = reborn.owns(sent.remote.address) ? reborn : world.b;
        world.at(to, [&](Engine& engine, Actions& actions) {
          return engine.receive({sent.remote, sent.local, sent.octets}, world.now, actions), 0;
        });
      }
      const auto next = earlier(reborn.engine().next_deadline(), world.b.engine().next_deadline());
      world.now = next && *next < until ? std::max(world.now, *next) : until;
      for (End* end : {&reborn, &world.b})
        world.at(*end,
                 [&](Engine& engine, Actions& actions) { return engine.on_time(world.now, actions), 0; });
    }
  };
  world.initiate(reborn);
  drive(2min);
  EXPECT_EQ(world.b.engine().ike_sas(), 1u) << world.b.log();
  EXPECT_EQ(Clustered::clusters_of(world.b), "1 cluster of 1 sub-SAs");
}

// --- what crosses

TEST(ClusterLife, AJoinThatOvertakesTheFoundingComesAgain) {
  Clustered world;
  world.initiate(world.a);
  world.initiate(world.a, world.a.second_path());
  while (world.wire.size() < 2 || std::ranges::any_of(world.wire, [](const Datagram& datagram) {
           return decode_header(datagram.octets)->exchange_type != ExchangeType::ike_auth;
         }))
    world.deliver(world.take());
  world.deliver(world.take(1));  // the second path's IKE_AUTH first
  world.deliver_all();
  EXPECT_EQ(refusal_told_by(world.b), "unknown cluster");
  EXPECT_EQ(world.b.engine().ike_sas(), 2u) << "INITIAL_CONTACT ends no path of the cluster\n"
                                            << world.b.log();
  world.run_for(1min);
  EXPECT_EQ(world.seen(), "1 cluster of 2 sub-SAs") << world.a.log() << "--\n" << world.b.log();
}

TEST(ClusterLife, BothEndsMayFoundAtOnceAndThenAgreeWhereToJoin) {
  Clustered world;
  world.initiate(world.a);
  world.initiate(world.b, world.b.second_path());
  world.deliver_all();
  EXPECT_EQ(world.seen(), "2 clusters of 1 and 1 sub-SAs") << world.a.log();
  world.create_child(world.a);
  world.create_child(world.b);
  EXPECT_EQ(world.seen(), "2 clusters of 1 and 3 sub-SAs");
}

// --- replacement

ClusterId replace(Clustered& world, End& end) {
  const ClusterId old = world.only_cluster(end);
  world.at(end, [&](Engine& engine, Actions& actions) {
    engine.on_cluster_limit(old, world.now, actions);
    return 0;
  });
  return old;
}

TEST(ClusterLife, AClusterWhoseNumbersRunOutIsReplacedByANewOne) {
  for (const bool by_a : {true, false}) {
    Clustered world;
    world.up();
    const ClusterId old = replace(world, by_a ? world.a : world.b);
    world.deliver_all();
    world.run_for(1min);
    EXPECT_EQ(world.seen(), "1 cluster of 2 sub-SAs") << world.a.log();
    EXPECT_NE(world.only_cluster(world.a), old);
    EXPECT_EQ(world.b.count<ClusterEnded>(), 1u);
  }
}

TEST(ClusterLife, WhatIsBeingReplacedTakesNoMore) {
  Clustered world;
  world.up();
  const ClusterId old = replace(world, world.b);
  const std::deque<Datagram> held = std::exchange(world.wire, {});
  world.create_child(world.a);
  rekey_first_child(world, world.a);
  world.deliver_all();
  EXPECT_EQ(refusal_told_by(world.b).substr(0, 18), "exhausted or ended") << world.b.log();
  world.wire = held;
  world.deliver_all();
  world.run_for(2min);
  EXPECT_EQ(world.disagreement(), "");
  for (const ClusterStatus& cluster : world.a.engine().cluster_status())
    EXPECT_NE(cluster.id, old) << world.a.log() << "--\n" << world.b.log();
}

}  // namespace
}  // namespace mpsec::ike::test
