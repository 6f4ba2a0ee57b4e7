#include "cluster/weighted_scheduler.hpp"

#include <gmock/gmock.h>
#include <numeric>
#include <rapidcheck/gtest.h>

#include "cluster/test_schedulers.hpp"

namespace mpsec::cluster {
namespace {

using testing::ElementsAre;

std::vector<PathView> weighted(const std::vector<std::uint32_t>& weights) {
  auto paths = paths_up_to(static_cast<std::uint32_t>(weights.size()));
  for (std::size_t i = 0; i < weights.size(); ++i)
    paths[i].weight = weights[i];
  return paths;
}

std::vector<std::uint32_t> some_weights() {
  return *rc::gen::nonEmpty(rc::gen::container<std::vector<std::uint32_t>>(
      rc::gen::oneOf(rc::gen::inRange<std::uint32_t>(1, 5), rc::gen::inRange<std::uint32_t>(1, 500))));
}

TEST(WeightedScheduler, MixesTurnsEvenly) {
  WeightedScheduler scheduler(1);
  scheduler.on_paths(weighted({5, 1, 1}));
  EXPECT_THAT(positions(scheduler, 3, 14), ElementsAre(0, 0, 0, 1, 2, 0, 0, 0, 0, 0, 1, 2, 0, 0));
  scheduler.on_paths(weighted({1, 1}));
  EXPECT_THAT(positions(scheduler, 2, 4), ElementsAre(0, 1, 0, 1));
}

TEST(WeightedScheduler, GivesEachTurnItsBurst) {
  WeightedScheduler scheduler(3);
  scheduler.on_paths(weighted({2, 1}));
  EXPECT_THAT(positions(scheduler, 2, 9, 64), ElementsAre(0, 0, 0, 1, 1, 1, 0, 0, 0));
}

TEST(WeightedScheduler, TellsWhichPathHasNoWeight) {
  EXPECT_TRUE(check_weight(1, "paths.north"));
  const auto refused = check_weight(0, "paths.north");
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().blame, Blame::local_fault);
  EXPECT_EQ(to_string(refused.error()),
            "paths.north: a weight is at least 1, it is 0; take the path out of the cluster if it shall not "
            "be used");
}

TEST(WeightedScheduler, TakesTheLargestWeights) {
  WeightedScheduler scheduler(1);
  scheduler.on_paths(weighted({0xffffffff, 0xffffffff, 1}));
  EXPECT_THAT(positions(scheduler, 3, 6), ElementsAre(0, 1, 0, 1, 0, 1));
}

TEST(WeightedScheduler, GivesAReturningPathItsShareAndNoMore) {
  WeightedScheduler scheduler(1);
  const auto both = weighted({3, 1});
  scheduler.on_paths(both);
  positions(scheduler, 2, 6);
  scheduler.on_paths(std::span(both).first(1));
  positions(scheduler, 1, 1000);
  scheduler.on_paths(both);
  EXPECT_THAT(counts(positions(scheduler, 2, 40), 2), ElementsAre(30, 10))
      << "what it missed is not made up for";
}

RC_GTEST_PROP(WeightedScheduler, GivesEachPathItsWeightInAnyRound, ()) {
  const auto weights = some_weights();
  WeightedScheduler scheduler(1);
  scheduler.on_paths(weighted(weights));
  const auto round = std::accumulate(weights.begin(), weights.end(), std::size_t{0});
  positions(scheduler, weights.size(), *rc::gen::inRange<std::size_t>(0, 3 * round));  // from anywhere
  const std::vector<std::uint64_t> expected(weights.begin(), weights.end());
  RC_ASSERT(counts(positions(scheduler, weights.size(), round), weights.size()) == expected);
}

RC_GTEST_PROP(WeightedScheduler, LetsNobodyWaitLongerThanItMust, ()) {
  const auto weights = some_weights();
  WeightedScheduler scheduler(1);
  scheduler.on_paths(weighted(weights));
  const auto round = std::accumulate(weights.begin(), weights.end(), std::size_t{0});
  const auto chosen = positions(scheduler, weights.size(), 2 * round);
  std::vector<std::ptrdiff_t> last(weights.size(), -1);
  for (std::ptrdiff_t at = 0; at < std::ssize(chosen); ++at) {
    const std::uint32_t path = chosen[at];
    // In its wait of 1 / w each other path has at most its share, and a part of a turn at either end.
    const std::size_t longest = round / weights[path] + 2 + weights.size();
    RC_ASSERT(static_cast<std::size_t>(at - last[path]) <= longest);
    last[path] = at;
  }
}

RC_GTEST_PROP(WeightedScheduler, StarvesNobodyHoweverOftenItIsToldOfPaths, ()) {
  const auto weights = *rc::gen::nonEmpty(
      rc::gen::container<std::vector<std::uint32_t>>(rc::gen::inRange<std::uint32_t>(1, 20)));
  WeightedScheduler scheduler(1);
  const auto round = std::accumulate(weights.begin(), weights.end(), std::size_t{0});
  std::vector<std::uint64_t> had(weights.size());
  for (std::size_t turn = 0; turn < 2 * round + weights.size(); ++turn) {
    scheduler.on_paths(weighted(weights));
    ++had[scheduler.choose(0, 1).path];
  }
  for (std::size_t path = 0; path < weights.size(); ++path)
    RC_ASSERT(had[path] + 2 >= 2 * weights[path]);
}

}  // namespace
}  // namespace mpsec::cluster
