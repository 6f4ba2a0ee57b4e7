#include "cluster/path_state.hpp"

#include <fstream>
#include <gmock/gmock.h>
#include <iterator>
#include <rapidcheck/gtest.h>

namespace mpsec::cluster {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;

constexpr Instant at(Duration time) {
  return Instant(time);
}

std::string file(std::string_view name) {
  std::ifstream in(std::string(MPSEC_SOURCE_DIR) + "/docs/" + std::string(name));
  return {std::istreambuf_iterator<char>(in), {}};
}

// A path that died at `when`, having been heard before.
PathState dead_path(Duration when = 0s) {
  PathState path(at(when));
  path.on_answer(at(when), 10ms);
  path.on_give_up();
  return path;
}

// Answers each 500 ms from `from` on until the path is alive; how long it took. At most an hour.
Duration until_alive(PathState& path, Duration from) {
  for (Duration time = from; time < from + 1h; time += 500ms)
    if (path.on_answer(at(time), 10ms)) return time - from;
  return 1h;
}

TEST(PathTransitions, AreThoseThatTheDocumentationDraws) {
  EXPECT_EQ(file("path-states.dot"), to_graphviz(path_transitions, "path"));
  EXPECT_EQ(file("path-states.txt"), to_matrix(path_transitions));
}

TEST(RoundTrip, SmoothsItsSamples) {
  RoundTrip round_trip;
  EXPECT_EQ(round_trip.smoothed(), std::nullopt);
  EXPECT_EQ(round_trip.patience(), 1s);
  round_trip.sample(800ms);
  EXPECT_EQ(round_trip.smoothed(), 800ms);
  EXPECT_EQ(round_trip.deviation(), 400ms);
  EXPECT_EQ(round_trip.patience(), 2400ms);
  round_trip.sample(1600ms);
  EXPECT_EQ(round_trip.smoothed(), 900ms);
  EXPECT_EQ(round_trip.deviation(), 500ms) << "400 ms and a quarter of what 800 ms are more";
  round_trip.forget();
  EXPECT_EQ(round_trip.smoothed(), std::nullopt);
}

TEST(RoundTrip, WaitsNeitherForAMomentNorForEver) {
  RoundTrip fast, slow;
  fast.sample(-5ms);
  EXPECT_EQ(fast.smoothed(), 0ms);
  EXPECT_EQ(fast.patience(), 200ms);
  slow.sample(1h);
  EXPECT_EQ(slow.patience(), 60s);
}

TEST(PathState, IsAliveFromTheFirstSignOfLife) {
  PathState by_traffic(at(0s)), by_answer(at(0s));
  EXPECT_EQ(by_traffic.condition(), PathCondition::unknown);
  EXPECT_TRUE(by_traffic.on_traffic(at(1s)));
  EXPECT_EQ(by_traffic.condition(), PathCondition::alive);
  EXPECT_TRUE(by_answer.on_answer(at(1s), std::nullopt));
  EXPECT_EQ(by_answer.condition(), PathCondition::alive);
  EXPECT_FALSE(by_answer.on_answer(at(2s), 10ms)) << "alive already";
}

TEST(PathState, IsSuspectWhenItIsSilent) {
  PathState path(at(0s));
  path.on_traffic(at(5s));
  EXPECT_EQ(path.deadline(), at(15s));
  EXPECT_FALSE(path.on_time(at(15s - 1ns)));
  EXPECT_TRUE(path.on_time(at(15s)));
  EXPECT_EQ(path.condition(), PathCondition::suspect);
  EXPECT_EQ(path.deadline(), std::nullopt);
  EXPECT_FALSE(path.on_time(at(1h))) << "silence alone kills nothing";
  EXPECT_EQ(path.condition(), PathCondition::suspect);
}

TEST(PathState, IsSuspectThenDeadAsAnswersAreMissing) {
  PathState path(at(0s));
  path.on_answer(at(0s), 10ms);
  EXPECT_FALSE(path.on_unanswered()) << "one may be lost";
  EXPECT_TRUE(path.on_unanswered());
  EXPECT_EQ(path.condition(), PathCondition::suspect);
  EXPECT_FALSE(path.on_unanswered());
  EXPECT_TRUE(path.on_unanswered());
  EXPECT_EQ(path.condition(), PathCondition::dead);
  EXPECT_EQ(path.view(SubSaId(1), 1).round_trip, std::nullopt) << "it may come back another way";
}

TEST(PathState, CountsMissingAnswersInARowOnly) {
  PathState path(at(0s));
  for (int i = 0; i < 10; ++i) {
    EXPECT_FALSE(path.on_unanswered());
    path.on_answer(at(1s * i), std::nullopt);
  }
  EXPECT_EQ(path.condition(), PathCondition::alive);
}

TEST(PathState, IsDeadAtOnceWhenIkeGivesUp) {
  PathState path(at(0s));
  EXPECT_TRUE(path.on_give_up());
  EXPECT_EQ(path.condition(), PathCondition::dead);
  EXPECT_FALSE(path.on_give_up());
}

TEST(PathState, IsNotBroughtBackByTrafficWhileAnswersAreMissing) {
  PathState path = dead_path();
  for (Duration time = 1s; time < 100s; time += 1s)
    EXPECT_FALSE(path.on_traffic(at(time)));
  EXPECT_EQ(path.condition(), PathCondition::dead);
  EXPECT_FALSE(path.on_answer(at(100s), 10ms));
  EXPECT_FALSE(path.on_traffic(at(100500ms)));
  EXPECT_TRUE(path.on_traffic(at(101s))) << "with an answer, traffic counts";
  EXPECT_EQ(path.condition(), PathCondition::alive);
}

TEST(PathState, LosesTheSignsBeforeAMissedAnswer) {
  PathState path = dead_path();
  path.on_answer(at(10s), 10ms);
  path.on_answer(at(11s), 10ms);
  EXPECT_FALSE(path.on_unanswered());
  EXPECT_FALSE(path.on_answer(at(12s), 10ms));
  EXPECT_FALSE(path.on_answer(at(12900ms), 10ms));
  EXPECT_FALSE(path.on_answer(at(12999ms), 10ms)) << "three, but not for a second";
  EXPECT_TRUE(path.on_answer(at(13s), 10ms));
}

TEST(PathState, HoldsAPathThatFlapsDownEverLonger) {
  PathState path = dead_path();
  Duration time = 1s;
  for (const Duration expected : {1s, 2s, 4s, 8s, 16s, 32s, 60s, 60s}) {
    EXPECT_EQ(path.hold(), expected);
    EXPECT_EQ(until_alive(path, time), expected);
    time += expected;
    EXPECT_TRUE(path.on_give_up());
    time += 1s;
  }
}

TEST(PathState, ForgetsItsDeathsOnceItWasSteady) {
  PathState path = dead_path();
  for (int i = 0; i < 3; ++i) {
    until_alive(path, 100s * i);
    path.on_give_up();
  }
  EXPECT_EQ(path.hold(), 8s);
  const Duration alive = 1000s + until_alive(path, 1000s);
  path.on_answer(at(alive + 59s), 10ms);
  EXPECT_EQ(path.hold(), 8s);
  path.on_answer(at(alive + 60s), 10ms);
  path.on_give_up();
  EXPECT_EQ(path.hold(), 1s);
}

TEST(PathState, AveragesTheLossOfProbes) {
  PathState path(at(0s));
  path.on_unanswered();
  EXPECT_DOUBLE_EQ(path.loss(), 0.125);
  path.on_answer(at(1s), 10ms);
  EXPECT_DOUBLE_EQ(path.loss(), 0.109375);
  for (int i = 0; i < 100; ++i)
    path.on_answer(at(2s), 10ms);
  EXPECT_LT(path.loss(), 1e-6);
}

TEST(PathState, ShowsWhatASchedulerNeeds) {
  PathState path(at(0s));
  path.on_answer(at(0s), 12ms);
  EXPECT_EQ(path.view(SubSaId(4), 7),
            (PathView{.id = SubSaId(4), .weight = 7, .round_trip = 12ms, .loss = 0}));
}

std::vector<std::uint32_t> ids(std::span<const PathView> views) {
  std::vector<std::uint32_t> ids;
  for (const PathView& view : views)
    ids.push_back(view.id.value);
  return ids;
}

TEST(Offered, IsWhatIsNotDeadAndAllWhereAllIs) {
  PathState fresh(at(0s)), suspect(at(0s)), dead = dead_path(), also_dead = dead_path();
  suspect.on_time(at(10s));
  ASSERT_EQ(suspect.condition(), PathCondition::suspect);
  const std::vector<ValidSubSa> all{{SubSaId(1), 1, &dead},
                                    {SubSaId(2), 1, &fresh},
                                    {SubSaId(3), 1, &suspect},
                                    {SubSaId(4), 1, &also_dead},
                                    {SubSaId(5), 1, &fresh}};
  EXPECT_THAT(ids(offered(all)), ElementsAre(2, 3, 5));
  const std::vector<ValidSubSa> last{all[0], all[3]};
  EXPECT_THAT(ids(offered(last)), ElementsAre(1, 4)) << "the last resort";
  EXPECT_TRUE(offered({}).empty());
}

// Whatever happens: a path carries traffic again at the earliest one hold after it died, and its loss is a
// part.
RC_GTEST_PROP(PathState, DoesNotFlapFasterThanItsHold, ()) {
  PathState path(at(0s));
  Instant now = at(0s);
  std::optional<Instant> died;
  const auto steps = *rc::gen::container<std::vector<int>>(rc::gen::inRange(0, 100));
  for (const int step : steps) {
    now += 10ms * (step / 5 * 5);
    const bool was_dead = path.condition() == PathCondition::dead;
    const Duration hold = path.hold();
    switch (step % 5) {
      case 0:
        path.on_traffic(now);
        break;
      case 1:
        path.on_answer(now, 1ms * step);
        break;
      case 2:
        path.on_unanswered();
        break;
      case 3:
        path.on_answer(now, std::nullopt);
        break;
      default:
        path.on_time(now);
    }
    const bool is_dead = path.condition() == PathCondition::dead;
    if (is_dead && !was_dead) died = now;
    if (was_dead && !is_dead) RC_ASSERT(now - *died >= hold);
    RC_ASSERT(path.loss() >= 0 && path.loss() <= 1);
  }
}

}  // namespace
}  // namespace mpsec::cluster
