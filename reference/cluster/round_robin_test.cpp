#include "cluster/round_robin.hpp"

#include <gmock/gmock.h>
#include <rapidcheck/gtest.h>

#include "cluster/test_schedulers.hpp"

namespace mpsec::cluster {
namespace {

using testing::ElementsAre;
using Choice = PathScheduler::Choice;

TEST(RoundRobin, GoesFromPathToPathPacketByPacket) {
  RoundRobin scheduler(1);
  scheduler.on_paths(paths_of({7, 8, 9}));
  EXPECT_THAT(positions(scheduler, 3, 7), ElementsAre(0, 1, 2, 0, 1, 2, 0));
}

TEST(RoundRobin, GivesABurstWhole) {
  RoundRobin scheduler;
  scheduler.on_paths(paths_of({7, 8}));
  EXPECT_EQ(scheduler.choose(0, 64), (Choice{0, 32, {}}));
  EXPECT_EQ(scheduler.choose(0, 32), (Choice{1, 32, {}}));
  EXPECT_EQ(scheduler.choose(0, 20), (Choice{0, 20, {}}));
  EXPECT_EQ(scheduler.choose(0, 20), (Choice{0, 12, {}})) << "what is left of the burst";
}

TEST(RoundRobin, KeepsItsPlaceWhenAPathGoesAndReturns) {
  RoundRobin scheduler(1);
  scheduler.on_paths(paths_of({0, 1, 2, 3}));
  EXPECT_THAT(positions(scheduler, 4, 2), ElementsAre(0, 1));
  scheduler.on_paths(paths_of({0, 1, 3}));
  EXPECT_THAT(positions(scheduler, 3, 2), ElementsAre(2, 0)) << "2 was next and is gone: 3 is";
  scheduler.on_paths(paths_of({0, 1, 2, 3}));
  EXPECT_THAT(positions(scheduler, 4, 4), ElementsAre(1, 2, 3, 0));
}

TEST(RoundRobin, EndsTheBurstOfAPathThatGoesAndNoOther) {
  RoundRobin scheduler(4);
  scheduler.on_paths(paths_of({0, 1, 2}));
  EXPECT_THAT(positions(scheduler, 3, 6), ElementsAre(0, 0, 0, 0, 1, 1));
  scheduler.on_paths(paths_of({1, 2}));
  EXPECT_THAT(positions(scheduler, 2, 3), ElementsAre(0, 0, 1)) << "1 still has two, by its new position";
  scheduler.on_paths(paths_of({1}));
  EXPECT_THAT(positions(scheduler, 1, 5), ElementsAre(0, 0, 0, 0, 0));
}

TEST(RoundRobin, StartsAgainAfterThereWasNoPath) {
  RoundRobin scheduler(2);
  scheduler.on_paths(paths_of({5}));
  EXPECT_THAT(positions(scheduler, 1, 1), ElementsAre(0));
  scheduler.on_paths({});
  scheduler.on_paths(paths_of({8, 9}));
  EXPECT_THAT(positions(scheduler, 2, 4), ElementsAre(0, 0, 1, 1));
}

TEST(RoundRobin, ReachesEachOf65536Paths) {
  RoundRobin scheduler(1);
  scheduler.on_paths(paths_up_to(65536));
  EXPECT_THAT(counts(positions(scheduler, 65536, 65536), 65536), testing::Each(1));
}

RC_GTEST_PROP(RoundRobin, SharesEvenlyHoweverItIsAsked, ()) {
  const auto count = *rc::gen::inRange<std::uint32_t>(1, 40);
  const auto burst = *rc::gen::inRange<std::uint32_t>(1, 70);
  RoundRobin scheduler(burst);
  scheduler.on_paths(paths_up_to(count));
  positions(scheduler, count, *rc::gen::inRange<std::size_t>(0, 500));  // from anywhere
  const auto at_once = *rc::gen::inRange<std::uint32_t>(1, 65);
  RC_ASSERT(counts(positions(scheduler, count, std::size_t{3} * count * burst, at_once), count) ==
            std::vector<std::uint64_t>(count, std::uint64_t{3} * burst));
}

}  // namespace
}  // namespace mpsec::cluster
