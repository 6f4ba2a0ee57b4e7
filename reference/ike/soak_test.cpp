// Two engines that rekey, create and delete at random over a network that loses, repeats and reorders.
// Whatever happened, in the end both agree, and when they close nothing is left. MPSEC_SOAK_SEEDS says how
// many random runs; ci/jobs/soak takes many more than the tests do.
#include <map>
#include <string>

#include "ike/test_soak.hpp"
#include "ike/test_world.hpp"

namespace mpsec::ike::test {
namespace {

// Every fourth run with clusters, over two paths.
bool has_clusters(std::uint64_t seed) {
  return seed % 4 == 1;
}

EndOptions soaked(Witness& witness, std::uint64_t seed) {
  EndOptions options;
  options.tap = &witness;
  // Every other run with windows, every third with perfect forward secrecy, every fifth with lifetimes that
  // end now.
  options.change_peer = [seed](PeerConfiguration& peer) {
    if (seed % 2 == 0) peer.window = 4;
    if (seed % 5 == 0) peer.children[0].lifetime = {20s, 60s, 0.5};
    if (seed % 7 == 0) peer.lifetime = {45s, 90s, 0.5};
    if (has_clusters(seed)) peer.children[0].cluster = ClusterWish{.name = "net"};
  };
  if (seed % 3 == 0) options.child_proposals[0].key_exchange = {crypto::KeyExchangeId::curve25519};
  return options;
}

class Soak {
 public:
  explicit Soak(std::uint64_t seed)
      : clusters_(has_clusters(seed)),
        rng_(seed * 7919),
        world_(soaked(witness_, seed), soaked(witness_, seed), seed) {}

  void run() {
    world_.initiate(world_.a);
    take_up();
    for (int act = 0; act < 12; ++act) {
      run_until(world_.now + Duration(rng_.below(8'000'000'000)));
      act_at(rng_.below(2) == 0 ? world_.a : world_.b);
      if (rng_.below(2) == 0) act_at(rng_.below(2) == 0 ? world_.a : world_.b);
    }
    heal();
    EXPECT_EQ(world_.disagreement(), "");
    EXPECT_EQ(witness_.repeated, "");
    for (End* end : {&world_.a, &world_.b})
      for (const IkeStatus& sa : end->engine().status())
        world_.at(*end,
                  [&](Engine& engine, Actions& actions) { return engine.close(sa.id, world_.now, actions); });
    take_up();
    heal();
    for (End* end : {&world_.a, &world_.b}) {
      EXPECT_EQ(end->engine().ike_sas(), 0u);
      EXPECT_EQ(end->engine().child_spis(), 0u);
      EXPECT_TRUE(end->installed.empty());
      EXPECT_TRUE(end->engine().cluster_status().empty());
      EXPECT_FALSE(end->engine().next_deadline());
    }
  }
  std::string log() const { return world_.a.log() + "--\n" + world_.b.log(); }

 private:
  void act_at(End& end) {
    if (end.engine().status().empty()) {
      world_.initiate(end);
      return take_up();
    }
    if (clusters_ && rng_.below(4) == 0) {
      world_.initiate(end, rng_.below(2) == 0 ? end.path() : end.second_path());
      return take_up();
    }
    if (const auto all = end.engine().cluster_status(); !all.empty() && rng_.below(8) == 0)
      end_or_replace(end, all.front().id);
    world_.at(end, [&](Engine& engine, Actions& actions) {
      return act_at_random(engine, rng_, world_.now, actions);
    });
    take_up();
  }

  void end_or_replace(End& end, ClusterId cluster) {
    const bool replaces = rng_.below(2) == 0;
    world_.at(end, [&](Engine& engine, Actions& actions) {
      return replaces ? engine.replace_cluster(cluster, world_.now, actions)
                      : engine.end_cluster(cluster, world_.now, actions);
    });
  }

  // What was sent goes its ways: one in eight is lost, one in sixteen comes twice, each after up to two
  // seconds.
  void take_up() {
    while (!world_.wire.empty()) {
      const Datagram datagram = world_.take();
      if (lossy_ && rng_.below(8) == 0) continue;
      const int copies = lossy_ && rng_.below(16) == 0 ? 2 : 1;
      for (int i = 0; i < copies; ++i)
        on_the_way_.emplace(world_.now + Duration(lossy_ ? rng_.below(2'000'000'000) : 1'000'000), datagram);
    }
  }

  void run_until(Instant until) {
    for (;;) {
      std::optional<Instant> next =
          earlier(world_.a.engine().next_deadline(), world_.b.engine().next_deadline());
      if (!on_the_way_.empty()) next = earlier(next, on_the_way_.begin()->first);
      if (!next || *next > until) break;
      ASSERT_LT(++steps_, 200'000) << "the ends talk without end";
      world_.now = std::max(world_.now, *next);
      if (!on_the_way_.empty() && on_the_way_.begin()->first <= world_.now) {
        const Datagram datagram = on_the_way_.begin()->second;
        on_the_way_.erase(on_the_way_.begin());
        world_.deliver(datagram);
      }
      for (End* end : {&world_.a, &world_.b})
        world_.at(*end,
                  [&](Engine& engine, Actions& actions) { return engine.on_time(world_.now, actions), 0; });
      take_up();
    }
    world_.now = until;
  }

  // Nothing is lost any more, and there is time for everything to come to its end, but not for new lifetimes.
  void heal() {
    lossy_ = false;
    run_until(world_.now + 15min);
    // With short lifetimes something is always going on: a moment without anything on its way is looked for.
    for (int i = 0; i < 1000 && !on_the_way_.empty(); ++i)
      run_until(world_.now + 10ms);
    lossy_ = true;
  }

  bool clusters_;
  SeededRng rng_;
  Witness witness_;
  World world_;
  std::multimap<Instant, Datagram> on_the_way_;
  bool lossy_ = true;
  int steps_ = 0;
};

TEST(Soak, BothAgreeWhateverHappened) {
  for (std::uint64_t seed = 1; seed <= soak_seeds(); ++seed) {
    Soak soak(seed);
    soak.run();
    if (HasFailure()) {
      ADD_FAILURE() << "seed " << seed << "\n" << soak.log();
      break;
    }
  }
}

}  // namespace
}  // namespace mpsec::ike::test
