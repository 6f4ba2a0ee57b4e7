// The containers below the metrics, against the standard library's.
#include <gtest/gtest.h>
#include <map>
#include <rapidcheck/gtest.h>
#include <set>
#include <vector>

#include "cluster/ahead_set.hpp"
#include "cluster/histogram.hpp"
#include "cluster/position_marks.hpp"
#include "cluster/received_window.hpp"

namespace mpsec::cluster {
namespace {

using Steps = std::vector<std::pair<int, std::uint64_t>>;

rc::Gen<Steps> steps() {
  const auto distance =
      rc::gen::oneOf(rc::gen::inRange<std::uint64_t>(0, 70), rc::gen::inRange<std::uint64_t>(0, 3000));
  return rc::gen::container<Steps>(rc::gen::pair(rc::gen::inRange(0, 6), distance));
}

// Near 0, near a word's edge, and where base + span passes 2^64.
rc::Gen<std::uint64_t> bases() {
  return rc::gen::element<std::uint64_t>(0, 1, 63, 1000000007, UINT64_MAX - 40000, UINT64_MAX - 500);
}

std::uint64_t plus(std::uint64_t base, std::uint64_t distance) {
  return base > UINT64_MAX - distance ? UINT64_MAX : base + distance;
}

RC_GTEST_PROP(AheadSet, IsAnOrderedSet, ()) {
  AheadSet ahead(*rc::gen::element<std::uint64_t>(0, 100, 900, 5000));
  std::set<std::uint64_t> model;
  std::uint64_t base = *bases();
  ahead.advance(base);
  for (const auto& [kind, distance] : *steps()) {
    const std::uint64_t number = plus(base, distance);
    if (kind < 3 && model.insert(number).second) ahead.insert(number);
    if (kind == 3) {
      model.erase(number);
      ahead.erase(number);
    }
    if (kind == 4) {
      base = model.empty() ? number : std::min(number, *model.begin());
      ahead.advance(base);
    }
    if (kind == 5 && base >= distance && model.insert(base - distance).second) ahead.insert(base -= distance);
    RC_ASSERT(ahead.contains(number) == model.contains(number));
    RC_ASSERT(ahead.size() == model.size());
    const auto next = model.lower_bound(number);
    RC_ASSERT(ahead.next_from(number) == (next == model.end() ? std::nullopt : std::optional(*next)));
  }
}

RC_GTEST_PROP(ReceivedWindow, RemembersWhatCameWithinTheBound, ()) {
  const auto bound = *rc::gen::element<std::uint64_t>(1, 62, 63, 64, 300, 1000, 2500);
  ReceivedWindow window(bound);
  std::map<std::uint64_t, std::uint64_t> came;  // number -> octets if it came late
  const std::uint64_t first = *bases();
  window.start_before(first);
  window.advance(first);
  came[first] = 0;
  for (const auto& [kind, distance] : *steps()) {
    const std::uint64_t top = window.top();
    if (kind < 3 && top < UINT64_MAX - distance - 1) {
      const std::uint64_t number = top + 1 + (kind == 0 ? distance : 0);
      window.advance(number);
      came[number] = 0;
      continue;
    }
    const std::uint64_t number = top - std::min({distance, bound, top});
    RC_ASSERT(number >= window.floor());
    RC_ASSERT(window.has(number) == came.contains(number));
    if (number > window.floor()) RC_ASSERT(window.has(number - 1) == came.contains(number - 1));
    std::uint64_t above = 0;
    for (auto at = came.upper_bound(number); at != came.end(); ++at)
      above += at->second;
    RC_ASSERT(window.late_octets_above(number) == above);
    if (came.contains(number)) continue;
    window.fill(number, static_cast<std::uint32_t>(distance + 1));
    came[number] = distance + 1;
  }
}

RC_GTEST_PROP(PositionMarks, NeighboursAreTheNearest, ()) {
  PositionMarks marks;
  std::set<std::uint64_t> model;
  std::uint64_t begin = 0;
  for (const auto& [kind, distance] : *steps()) {
    const std::uint64_t position = begin + distance;
    if (kind < 4) {
      marks.mark(position);
      model.insert(position);
    } else {
      begin += distance / 4;
      marks.forget_before(begin);
      model.erase(model.begin(), model.lower_bound(begin));
    }
    const std::uint64_t asked = begin + distance / 2;
    const auto after = model.upper_bound(asked);
    const auto before = model.lower_bound(asked);
    RC_ASSERT(marks.marked(asked) == model.contains(asked));
    RC_ASSERT(marks.after(asked) == (after == model.end() ? std::nullopt : std::optional(*after)));
    RC_ASSERT(marks.before(asked) ==
              (before == model.begin() ? std::nullopt : std::optional(*std::prev(before))));
  }
}

TEST(CountHistogram, CountsBeyondItsLimitTogether) {
  CountHistogram histogram(3);
  for (const std::uint64_t value : {0u, 3u, 3u, 4u, 9u})
    histogram.add(value);
  EXPECT_EQ(histogram.count(3), 2u);
  EXPECT_EQ(histogram.count(4), 0u);
  EXPECT_EQ(histogram.beyond(), 2u);
  EXPECT_EQ(histogram.total(), 5u);
  EXPECT_EQ(histogram.maximum(), 9u);
  EXPECT_DOUBLE_EQ(histogram.mean(), 19.0 / 5);
}

TEST(MagnitudeHistogram, BucketsArePowersOfTwo) {
  MagnitudeHistogram histogram;
  for (const std::int64_t value : {-5, 0, 1, 2, 3, 4})
    histogram.add(value);
  EXPECT_EQ(histogram.counts(), (std::vector<std::uint64_t>{2, 1, 2, 1}));
  EXPECT_EQ(histogram.minimum(), -5);
  EXPECT_EQ(histogram.maximum(), 4);
}

}  // namespace
}  // namespace mpsec::cluster
