#include "cluster/flow_scheduler.hpp"

#include <cmath>
#include <gmock/gmock.h>
#include <rapidcheck/gtest.h>

#include "base/rng.hpp"
#include "cluster/test_schedulers.hpp"

namespace mpsec::cluster {
namespace {

// Which sub-SA carries each of the flows 0 .. count - 1.
std::vector<SubSaId> carriers(FlowScheduler& scheduler, std::span<const PathView> paths,
                              std::uint64_t count = 300) {
  std::vector<SubSaId> carriers;
  for (std::uint64_t flow = 0; flow < count; ++flow)
    carriers.push_back(paths[scheduler.choose(flow, 1).path].id);
  return carriers;
}

bool holds(std::span<const PathView> paths, SubSaId id) {
  return std::ranges::find(paths, id, &PathView::id) != paths.end();
}

//= profile/5/flows-stay-together
TEST(FlowScheduler, GivesAFlowAllItsPackets) {
  FlowScheduler scheduler;
  scheduler.on_paths(paths_of({3, 4, 5}));
  const auto first = scheduler.choose(77, 64);
  EXPECT_EQ(first.packets, 64u);
  EXPECT_EQ(first.copy, std::nullopt);
  for (int i = 0; i < 10; ++i)
    EXPECT_EQ(scheduler.choose(77, 1).path, first.path);
}

// 100,000 flows over n paths: each has its share within 6 standard deviations.
TEST(FlowScheduler, GivesEachPathItsShareOfTheFlows) {
  for (const std::uint32_t count : {1u, 2u, 3u, 16u, 100u, 1000u}) {
    FlowScheduler scheduler;
    scheduler.on_paths(paths_up_to(count));
    std::vector<std::uint64_t> flows(count);
    for (std::uint64_t flow = 0; flow < 100'000; ++flow)
      ++flows[scheduler.choose(flow, 1).path];
    const double share = 100'000.0 / count;
    for (const std::uint64_t had : flows)
      ASSERT_NEAR(static_cast<double>(had), share, 6 * std::sqrt(share)) << count << " paths";
  }
}

TEST(FlowScheduler, ReachesEachOf65536Paths) {
  FlowScheduler scheduler(65536);
  const auto paths = paths_up_to(65536);
  scheduler.on_paths(paths);
  std::vector<bool> reached(paths.size());
  for (std::uint64_t flow = 0; flow < 2'000'000; ++flow)
    reached[scheduler.choose(flow, 1).path] = true;
  EXPECT_EQ(std::ranges::count(reached, false), 0);
}

TEST(FlowScheduler, GivesAReturningPathItsOwnFlowsBack) {
  FlowScheduler scheduler;
  const auto all = paths_of({1, 2, 3, 4}), fewer = paths_of({4, 1, 3});
  scheduler.on_paths(all);
  const auto before = carriers(scheduler, all);
  scheduler.on_paths(fewer);
  carriers(scheduler, fewer);
  scheduler.on_paths(all);
  EXPECT_EQ(carriers(scheduler, all), before);
}

TEST(FlowScheduler, MakesRoomForMorePathsThanItWasMadeFor) {
  FlowScheduler scheduler(2);
  scheduler.on_paths(paths_up_to(2));
  scheduler.on_paths(paths_up_to(5));
  EXPECT_THAT(counts(positions(scheduler, 5, 10, 1, 3), 5), testing::Contains(10));
  const auto all = paths_up_to(5);
  const auto carried = carriers(scheduler, all);
  for (const PathView& path : all)
    EXPECT_THAT(carried, testing::Contains(path.id));
}

RC_GTEST_PROP(FlowScheduler, MovesOnlyWhatItMust, ()) {
  FlowScheduler scheduler(64);
  std::vector<PathView> paths;
  std::vector<SubSaId> before;
  const auto ids = *rc::gen::container<std::vector<std::uint32_t>>(rc::gen::inRange<std::uint32_t>(0, 60));
  for (const std::uint32_t number : ids) {  // each comes if it is not there, and else goes
    const SubSaId id(number);
    const bool comes = !holds(paths, id);
    if (comes)
      paths.insert(paths.begin() + static_cast<std::ptrdiff_t>(number % (paths.size() + 1)),
                   {.id = id, .round_trip = {}});
    else
      std::erase_if(paths, [&](const PathView& path) { return path.id == id; });
    scheduler.on_paths(paths);
    const auto after = paths.empty() ? std::vector<SubSaId>{} : carriers(scheduler, paths);
    for (std::size_t flow = 0; flow < std::min(before.size(), after.size()); ++flow)
      RC_ASSERT(after[flow] == before[flow] || (comes ? after[flow] : before[flow]) == id);
    before = after;
  }
}

RC_GTEST_PROP(FlowScheduler, MovesOnlyTheFlowsOfThePathsGone, ()) {
  FlowScheduler scheduler(256);
  const auto all = paths_up_to(200);
  scheduler.on_paths(all);
  const auto before = carriers(scheduler, all);
  SeededRng rng(*rc::gen::arbitrary<std::uint64_t>());
  std::vector<PathView> fewer;
  for (const PathView& path : all)
    if (rng.below(3) > 0) fewer.push_back(path);
  scheduler.on_paths(fewer);
  const auto after = carriers(scheduler, fewer);
  for (std::size_t flow = 0; flow < before.size(); ++flow)
    RC_ASSERT(after[flow] == before[flow] || !holds(fewer, before[flow]));
}

}  // namespace
}  // namespace mpsec::cluster
