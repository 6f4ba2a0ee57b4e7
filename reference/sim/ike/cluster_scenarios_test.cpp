// Two IKE SAs over two pairs of addresses feed one cluster, as paths of unlike delay come, die and return.
#include "sim/ike/test_ends.hpp"

namespace mpsec::sim::test {
namespace {

// A and B with an address on each of two paths: 192.0.2.* with 5 ms, 198.51.100.* with 80 ms and loss.
struct TwoPaths {
  explicit TwoPaths(std::uint64_t seed)
      : world(seed),
        a("a.example", "b.example", ip("192.0.2.1"), ip("192.0.2.2"), options(), seed),
        b("b.example", "a.example", ip("192.0.2.2"), ip("192.0.2.1"), options(), seed + 1000) {
    Network& network = world.network();
    const RealmId internet = network.internet();
    ia = world.add("A", internet, {a.path().local.address, a.second_path().local.address}, a.engine());
    ib = world.add("B", internet, {b.path().local.address, b.second_path().local.address}, b.engine());
    fast = network.add_link("fast", {.delay = 5ms});
    slow = network.add_link("slow", {.delay = 80ms, .jitter = 40ms, .loss = 0.2});
    both_ways(a.path(), fast);
    both_ways(a.second_path(), slow);
  }

  static EndOptions options() {
    EndOptions options;
    options.change_peer = [](ike::PeerConfiguration& peer) {
      peer.keepalive_every = 0s;
      peer.children[0].cluster = ike::ClusterWish{.name = "net"};
    };
    return options;
  }
  void both_ways(const ike::Path& path, LinkId link) {
    const RealmId internet = world.network().internet();
    world.network().connect(internet, path.local.address, path.remote.address, link);
    world.network().connect(internet, path.remote.address, path.local.address, link);
  }
  void initiate(const ike::Path& path) {
    ASSERT_TRUE(world.command(ia, [&](ike::Engine& engine, Instant now, ike::Actions& actions) {
      return engine.initiate("peer", path, now, actions);
    }));
  }
  // The sub-SAs of the one cluster that both have; 0 if that is not so.
  std::size_t sub_sas() {
    const auto ours = a.engine().cluster_status(), theirs = b.engine().cluster_status();
    const bool same = ours.size() == 1 && theirs.size() == 1 && ours[0].id == theirs[0].id &&
                      ours[0].sub_sas.size() == theirs[0].sub_sas.size();
    return same ? ours[0].sub_sas.size() : 0;
  }

  IkeWorld world;
  End a, b;
  HostId ia, ib;
  LinkId fast, slow;
};

TEST(ClusterScenarios, TwoPathsFeedOneCluster) {
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    TwoPaths paths(seed);
    paths.initiate(paths.a.second_path());
    paths.initiate(paths.a.path());  // faster: it comes first, though it was asked for later
    EXPECT_TRUE(paths.world.run_until([&] { return paths.sub_sas() == 2; }, {.time = 2min}))
        << "seed " << seed;
  }
}

// Nobody says that it is gone: liveness finds out, and takes its sub-SA away, and nothing else.
TEST(ClusterScenarios, APathDiesAndReturns) {
  TwoPaths paths(1);
  Network& network = paths.world.network();
  const LinkProfile before = network.link(paths.fast).profile();
  paths.initiate(paths.a.path());
  ASSERT_TRUE(paths.world.run_until([&] { return paths.sub_sas() == 1; }));
  paths.initiate(paths.a.second_path());
  ASSERT_TRUE(paths.world.run_until([&] { return paths.sub_sas() == 2; }));
  const auto cluster = paths.a.engine().cluster_status().at(0).id;
  network.change(paths.fast, {.up = false});
  // The founder's path is the one that dies.
  EXPECT_TRUE(paths.world.run_until([&] { return paths.sub_sas() == 1; }, {.time = 5min}));
  ASSERT_EQ(paths.a.engine().ike_sas(), 1u);
  network.change(paths.fast, before);
  paths.initiate(paths.a.path());
  EXPECT_TRUE(paths.world.run_until([&] { return paths.sub_sas() == 2; }, {.time = 1min}));
  EXPECT_EQ(paths.a.engine().cluster_status().at(0).id, cluster);
}

}  // namespace
}  // namespace mpsec::sim::test
