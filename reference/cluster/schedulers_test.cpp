// The schedulers that go by what is measured or by lot, the one that copies, and all of them by name.
#include <gmock/gmock.h>
#include <rapidcheck/gtest.h>

#include "cluster/adaptive_scheduler.hpp"
#include "cluster/duplicating_scheduler.hpp"
#include "cluster/least_round_trip.hpp"
#include "cluster/make_scheduler.hpp"
#include "cluster/random_scheduler.hpp"
#include "cluster/round_robin.hpp"
#include "cluster/test_schedulers.hpp"

namespace mpsec::cluster {
namespace {

using testing::Each;
using testing::ElementsAre;
using Choice = PathScheduler::Choice;
using namespace std::chrono_literals;

struct Measured {
  std::optional<Duration> round_trip;
  double loss = 0;
};

std::vector<PathView> measured(std::initializer_list<Measured> measures) {
  std::vector<PathView> paths;
  for (const Measured& path : measures)
    paths.push_back({.id = SubSaId(static_cast<std::uint32_t>(paths.size())),
                     .round_trip = path.round_trip,
                     .loss = path.loss});
  return paths;
}

TEST(LeastRoundTrip, TakesTheFastestAndStaysUntilAnotherIsFasterByTheMargin) {
  LeastRoundTrip scheduler(0.2);
  scheduler.on_paths(measured({{20ms}, {10ms}, {}}));
  EXPECT_EQ(scheduler.choose(1, 64), (Choice{1, 64, {}}));
  scheduler.on_paths(measured({{8ms}, {10ms}, {}}));
  EXPECT_EQ(scheduler.choose(1, 1).path, 1u) << "by exactly the margin is not by more";
  scheduler.on_paths(measured({{7999us}, {10ms}, {}}));
  EXPECT_EQ(scheduler.choose(1, 1).path, 0u);
  scheduler.on_paths(measured({{10ms}, {9ms}, {}}));
  EXPECT_EQ(scheduler.choose(1, 1).path, 0u);
}

TEST(LeastRoundTrip, FollowsItsPathToAnotherPositionAndLeavesItWhenItGoes) {
  LeastRoundTrip scheduler;
  auto paths = measured({{20ms}, {10ms}, {9ms}});
  scheduler.on_paths(paths);
  EXPECT_EQ(scheduler.choose(1, 1).path, 2u);
  paths.erase(paths.begin());
  scheduler.on_paths(paths);
  EXPECT_EQ(scheduler.choose(1, 1).path, 1u);
  paths.pop_back();
  scheduler.on_paths(paths);
  EXPECT_EQ(scheduler.choose(1, 1).path, 0u);
}

TEST(LeastRoundTrip, PrefersAnyMeasureToNone) {
  LeastRoundTrip scheduler;
  scheduler.on_paths(measured({{}, {}}));
  EXPECT_EQ(scheduler.choose(1, 1).path, 0u);
  scheduler.on_paths(measured({{}, {5s}}));
  EXPECT_EQ(scheduler.choose(1, 1).path, 1u);
}

// Chi-square of 100,000 choices over 16 paths, 15 degrees of freedom: beyond 60 once in three million seeds.
// The pairs of one choice and the next, 255 degrees: beyond 400 once in thirty million.
TEST(RandomScheduler, IsAsLikelyToTakeEachPathWhateverItTookBefore) {
  SeededRng rng(4);
  RandomScheduler scheduler(rng);
  scheduler.on_paths(paths_up_to(16));
  std::array<double, 16> single{};
  std::array<double, 256> pairs{};
  std::uint32_t before = 0;
  for (std::uint64_t i = 0; i < 100'000; ++i) {
    const std::uint32_t path = scheduler.choose(i % 3, 1).path;
    ++single[path];
    ++pairs[before * 16 + path];
    before = path;
  }
  auto chi_square = [](auto& counts) {
    const double expected = 100'000.0 / static_cast<double>(counts.size());
    double sum = 0;
    for (const double count : counts)
      sum += (count - expected) * (count - expected) / expected;
    return sum;
  };
  EXPECT_LT(chi_square(single), 60);
  EXPECT_LT(chi_square(pairs), 400);
}

TEST(RandomScheduler, CaresNeitherForTheFlowNorForWhatWasLeftOfARow) {
  SeededRng rng_a(9), rng_b(9);
  RandomScheduler a(rng_a, 8), b(rng_b, 8);
  a.on_paths(paths_up_to(5));
  b.on_paths(paths_up_to(5));
  for (std::uint32_t i = 0; i < 500; ++i) {
    const Choice of_a = a.choose(i, 1 + i % 20), of_b = b.choose(0, 1);
    EXPECT_EQ(of_a.path, of_b.path);
    EXPECT_EQ(of_a.packets, std::min(1 + i % 20, 8u));
  }
}

TEST(AdaptiveScheduler, SharesByDelayAndLoss) {
  AdaptiveScheduler scheduler({.burst = 1});
  scheduler.on_paths(measured({{10ms}, {20ms}, {40ms}}));
  EXPECT_THAT(counts(positions(scheduler, 3, 7000), 3), ElementsAre(4000, 2000, 1000));
  AdaptiveScheduler lossy({.burst = 1});
  lossy.on_paths(measured({{10ms, 0}, {10ms, 0.5}}));
  EXPECT_THAT(counts(positions(lossy, 2, 1700), 2), ElementsAre(1600, 100)) << "0.5^4 is a 16th";
}

TEST(AdaptiveScheduler, StarvesNoPath) {
  AdaptiveScheduler scheduler({.least_share = 1.0 / 64, .burst = 1});
  scheduler.on_paths(measured({{1ms}, {10s, 0.9}, {1ms, 1}}));
  EXPECT_THAT(counts(positions(scheduler, 3, 6600), 3), ElementsAre(6400, 100, 100));
  scheduler.on_paths(measured({{1ms, 1}, {1ms, 1}}));
  EXPECT_THAT(counts(positions(scheduler, 2, 100), 2), Each(testing::Gt(0)));
}

TEST(AdaptiveScheduler, CountsAPathWithoutASampleAsTheSlowest) {
  AdaptiveScheduler scheduler({.burst = 1});
  scheduler.on_paths(measured({{10ms}, {}, {40ms}}));
  EXPECT_THAT(counts(positions(scheduler, 3, 6000), 3), ElementsAre(4000, 1000, 1000));
}

TEST(AdaptiveScheduler, LetsNoiseMoveNothing) {
  AdaptiveScheduler steady({.burst = 1}), noisy({.burst = 1});
  const auto exact = measured({{10ms}, {20ms}});
  steady.on_paths(exact);
  noisy.on_paths(exact);
  SeededRng rng(1);
  for (int i = 0; i < 200; ++i) {
    const Duration noise(static_cast<Duration::rep>(rng.below(2'000'000)));  // 20 % of the shorter round trip
    steady.on_paths(exact);
    noisy.on_paths(measured({{9ms + noise}, {19ms + noise}}));
    EXPECT_EQ(positions(noisy, 2, 7), positions(steady, 2, 7));
  }
  noisy.on_paths(measured({{10ms}, {10ms}}));
  EXPECT_THAT(counts(positions(noisy, 2, 100), 2), Each(testing::Ge(49))) << "what is no noise does";
}

TEST(DuplicatingScheduler, CopiesToTheNextPathByRoundTrip) {
  DuplicatingScheduler scheduler(std::make_unique<RoundRobin>(8));
  scheduler.on_paths(measured({{30ms}, {10ms}, {20ms}}));
  EXPECT_EQ(scheduler.choose(0, 8), (Choice{0, 8, 1})) << "the slowest with the fastest";
  EXPECT_EQ(scheduler.choose(0, 8), (Choice{1, 8, 2}));
  EXPECT_EQ(scheduler.choose(0, 9), (Choice{2, 8, 0}));
}

TEST(DuplicatingScheduler, MakesNoCopyOnOnePath) {
  DuplicatingScheduler scheduler(std::make_unique<RoundRobin>());
  scheduler.on_paths(paths_of({1}));
  EXPECT_EQ(scheduler.choose(0, 8), (Choice{0, 8, {}}));
  scheduler.on_paths(paths_of({1, 2}));
  EXPECT_EQ(scheduler.choose(0, 8).copy, 1u);
}

TEST(MakeScheduler, KnowsEachByNameAndOptions) {
  SeededRng rng(1);
  for (const char* text :
       {"round-robin", "weighted burst=1", "flow-hash paths=65536", "least-round-trip margin=0.5",
        "  random   burst=64 ", "adaptive share=0.5 burst=2 margin=0", "duplicate round-robin burst=3",
        "duplicate flow-hash"}) {
    const auto scheduler = make_scheduler(text, rng);
    ASSERT_TRUE(scheduler) << text << ": " << to_string(scheduler.error());
    (*scheduler)->on_paths(paths_up_to(3));
    positions(**scheduler, 3, 500, 64);
  }
  const auto twos = make_scheduler("round-robin burst=2", rng);
  ASSERT_TRUE(twos);
  (*twos)->on_paths(paths_up_to(2));
  EXPECT_THAT(positions(**twos, 2, 4), ElementsAre(0, 0, 1, 1));
}

TEST(MakeScheduler, NamesWhatItDoesNotKnowAndWhatItDoes) {
  SeededRng rng(1);
  const auto said = [&](std::string_view text) {
    const auto scheduler = make_scheduler(text, rng);
    return scheduler ? "made" : to_string(scheduler.error());
  };
  const std::string names =
      "known are duplicate, round-robin, weighted, flow-hash, least-round-trip, random, adaptive";
  EXPECT_EQ(said("fastest"), "scheduler @ 0x0: there is no scheduler 'fastest'; " + names);
  EXPECT_EQ(said(""), "scheduler @ 0x0: a scheduler's name is missing; " + names);
  EXPECT_EQ(said("duplicate "), "scheduler @ 0xa: a scheduler's name is missing; " + names);
  EXPECT_EQ(said("duplicate duplicate random"),
            "scheduler @ 0xa: there is no scheduler 'duplicate'; " + names);
  EXPECT_EQ(said("adaptive bursts=2"),
            "scheduler @ 0x9: adaptive has no option 'bursts'; known are burst, margin, share");
  EXPECT_EQ(said("random burst=0"),
            "scheduler @ 0x7: burst takes a whole number from 1 to 65536, not '0': write burst=1");
  for (const char* text :
       {"random burst", "random burst=", "random burst=1.5", "random burst=65537", "random burst=2x",
        "random burst=-1", "random burst=nan", "adaptive share=1.1", "adaptive share=inf"})
    EXPECT_NE(said(text), "made") << text;
}

//= profile/5/choice-is-local
//= draft-zhang/3.2/choice-is-local
RC_GTEST_PROP(Schedulers, KeepTheLawsOfTheSeam, ()) {
  SeededRng rng(*rc::gen::arbitrary<std::uint64_t>());
  const std::string kind =
      *rc::gen::element<std::string>("round-robin", "weighted", "flow-hash paths=4", "least-round-trip",
                                     "random", "random burst=9", "adaptive");
  const auto scheduler = make_scheduler((rng.below(2) == 0 ? "" : "duplicate ") + kind, rng);
  RC_ASSERT(scheduler.has_value());
  for (int round = 0; round < 20; ++round) {
    std::vector<PathView> paths;
    for (std::uint32_t id = 0; id < 10; ++id)
      if (rng.below(2) == 0)
        paths.push_back(
            {.id = SubSaId(id),
             .weight = 1 + static_cast<std::uint32_t>(rng.below(9)),
             .round_trip = rng.below(3) == 0 ? std::nullopt : std::optional(1ms * (1 + rng.below(50))),
             .loss = static_cast<double>(rng.below(101)) / 100});
    (*scheduler)->on_paths(paths);
    if (!paths.empty())
      RC_ASSERT(positions(**scheduler, paths.size(), 100, 1 + static_cast<std::uint32_t>(rng.below(64)),
                          rng.next_u64())
                    .size() == 100u);
  }
}

}  // namespace
}  // namespace mpsec::cluster
