#include "cluster/cluster_metrics.hpp"

#include <algorithm>
#include <cmath>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>
#include <set>
#include <span>

#include "base/rng.hpp"

namespace mpsec::cluster {
namespace {

using namespace std::chrono_literals;

struct Sample {
  std::uint32_t path;
  std::uint64_t number;
  Instant time;
  std::uint32_t octets;
};

// Three paths that jump about a rising number; with copies.
std::vector<Sample> samples() {
  const auto steps = *rc::gen::container<std::vector<std::tuple<std::uint32_t, std::int64_t, std::uint32_t>>>(
      rc::gen::tuple(rc::gen::inRange<std::uint32_t>(0, 3), rc::gen::inRange<std::int64_t>(-20, 24),
                     rc::gen::inRange<std::uint32_t>(1, 100)));
  std::vector<Sample> samples;
  std::int64_t at = 500;
  for (const auto& [path, distance, octets] : steps)
    samples.push_back({path, static_cast<std::uint64_t>(at++ + distance),
                       Instant(Duration(1000 * static_cast<std::int64_t>(samples.size()) + octets)), octets});
  return samples;
}

std::vector<Sample> without_copies(std::vector<Sample> samples) {
  std::set<std::uint64_t> came;
  std::erase_if(samples, [&came](const Sample& sample) { return !came.insert(sample.number).second; });
  return samples;
}

ClusterReport measured(const std::vector<Sample>& samples, const ReorderingOptions& options = {}) {
  ClusterMetrics metrics(options);
  for (const Sample& sample : samples)
    metrics.arrival(sample.path, SequenceNumber(sample.number), sample.time, sample.octets);
  return metrics.report();
}

void same(const MagnitudeHistogram& left, const std::vector<std::int64_t>& values) {
  MagnitudeHistogram right;
  for (const std::int64_t value : values)
    right.add(value);
  RC_ASSERT(left.counts() == right.counts());
  RC_ASSERT(left.minimum() == right.minimum());
  RC_ASSERT(left.maximum() == right.maximum());
  RC_ASSERT(left.mean() == right.mean());
}

RC_GTEST_PROP(ClusterMetrics, PathsAgainstTheClusterAsByBruteForce, ()) {
  const auto all = samples();
  const auto s = without_copies(all);
  for (const PathReport& path : measured(all, {.bound = 64}).paths) {  // none is farther behind
    const auto of_path = [&path](const Sample& sample) { return sample.path == path.path; };
    std::uint64_t octets = 0, reordered = 0;
    std::vector<std::int64_t> numbers, times;
    for (std::size_t i = 0; i < s.size(); ++i) {
      if (!of_path(s[i])) continue;
      octets += s[i].octets;
      const auto before = std::span(s).first(i);
      const auto higher = [&](const Sample& sample) { return sample.number > s[i].number; };
      const auto own_higher = [&](const Sample& sample) { return higher(sample) && of_path(sample); };
      reordered += std::ranges::any_of(before, own_higher) ? 1 : 0;
      const auto first_higher = std::ranges::find_if(before, higher);
      if (first_higher == before.end()) continue;
      times.push_back((s[i].time - first_higher->time).count());
      const auto top = std::ranges::max_element(before, {}, &Sample::number);
      numbers.push_back(static_cast<std::int64_t>(top->number - s[i].number));
    }
    const auto arrivals = static_cast<std::uint64_t>(std::ranges::count_if(s, of_path));
    RC_ASSERT(path.arrivals == arrivals);
    RC_ASSERT(path.duplicates == static_cast<std::uint64_t>(std::ranges::count_if(all, of_path)) - arrivals);
    RC_ASSERT(path.octets == octets);
    RC_ASSERT(path.reordered == reordered);
    RC_ASSERT(path.behind == numbers.size());
    same(path.behind_numbers, numbers);
    same(path.behind_time, times);
  }
}

// A path's order is that of a stream of its own in which nobody else's numbers are.
RC_GTEST_PROP(ClusterMetrics, WithinAPathAsIfItWereAlone, ()) {
  const auto all = without_copies(samples());
  for (const PathReport& path : measured(all).paths) {
    ReorderingMetrics alone;
    for (const Sample& sample : all)
      if (sample.path == path.path) alone.arrival(SequenceNumber(sample.number), sample.time, sample.octets);
    const auto expected = alone.report();
    RC_ASSERT(path.reordered == expected.reordered);
    RC_ASSERT(path.extent.extent().counts() == expected.extent.extent().counts());
    RC_ASSERT(path.extent.late_time().counts() == expected.extent.late_time().counts());
    RC_ASSERT(path.free_runs.runs == expected.free_runs.runs);
    RC_ASSERT(path.highest == expected.highest);
  }
}

// The union does not care which path brought a packet.
RC_GTEST_PROP(ClusterMetrics, TheUnionIsOneStream, ()) {
  const auto all = samples();
  ReorderingMetrics one;
  for (const Sample& sample : all)
    one.arrival(SequenceNumber(sample.number), sample.time, sample.octets);
  const auto expected = one.report();
  const auto report = measured(all);
  RC_ASSERT(report.all.received == expected.received);
  RC_ASSERT(report.all.reordered == expected.reordered);
  RC_ASSERT(report.all.lost == expected.lost);
  RC_ASSERT(report.all.duplicates == expected.duplicates);
  std::uint64_t arrivals = 0;
  double share = 0;
  for (const PathReport& path : report.paths) {
    arrivals += path.arrivals;
    share += path.share;
  }
  RC_ASSERT(arrivals == expected.received);
  RC_ASSERT(all.empty() || std::abs(share - 1) < 1e-9);
}

TEST(ClusterMetrics, TheSlowPathIsTheOneBehind) {
  ClusterMetrics metrics;
  for (std::uint64_t number = 1; number <= 100; ++number) {
    const auto path = static_cast<std::uint32_t>(number % 2);  // 1 is late by 20 numbers
    if (path == 0) metrics.arrival(0, SequenceNumber(number), Instant(number * 1ms), 100);
    if (path == 0 && number > 20) metrics.arrival(1, SequenceNumber(number - 19), Instant(number * 1ms), 100);
  }
  const auto report = metrics.report();
  ASSERT_EQ(report.paths.size(), 2u);
  EXPECT_EQ(report.paths[0].behind, 0u);
  EXPECT_EQ(report.paths[0].reordered, 0u);
  EXPECT_EQ(report.paths[1].reordered, 0u);
  EXPECT_EQ(report.paths[1].behind, report.paths[1].arrivals);
  EXPECT_EQ(report.paths[1].behind_numbers.minimum(), 19);
  EXPECT_EQ(report.paths[1].behind_time.maximum(), Duration(18ms).count());
}

TEST(ClusterMetrics, RedundantCopiesAreCountedApart) {
  ClusterMetrics metrics;
  metrics.arrival(0, SequenceNumber(1), {}, 100);
  metrics.redundant(1, 100);
  metrics.arrival(1, SequenceNumber(2), {}, 100);
  metrics.redundant(0, 60);
  const auto report = metrics.report();
  EXPECT_EQ(report.redundant, 2u);
  EXPECT_EQ(report.redundant_octets, 160u);
  EXPECT_EQ(report.paths[0].redundant, 1u);
  EXPECT_EQ(report.all.duplicates, 0u);
}

TEST(ClusterMetrics, AWindowThatWasTooSmallIsReportedWithTheSizeThatWouldHaveHeld) {
  ClusterMetrics metrics;
  EXPECT_EQ(too_small(metrics.report().window), "");
  metrics.window({.size = 64, .late_authentic = 3, .size_that_would_have_held = 200});
  EXPECT_EQ(too_small(metrics.report().window),
            "window of 64 numbers: too small for 3 good packets, which 200 numbers would have held");
}

TEST(ClusterMetrics, MemoryFollowsTheBoundAndNotTheStream) {
  constexpr std::uint64_t bound = 1024;
  ClusterMetrics metrics({.bound = bound, .displacement_threshold = bound, .buffer_threshold = bound});
  SeededRng rng(7);
  for (std::uint64_t i = 0; i < 200'000; ++i)
    metrics.arrival(static_cast<std::uint32_t>(i % 4), SequenceNumber(i + rng.below(bound)), {}, 100);
  EXPECT_LE(metrics.memory_octets(), 5 * 512 * bound + 65536);
}

}  // namespace
}  // namespace mpsec::cluster
