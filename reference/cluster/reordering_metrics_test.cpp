// The RFCs' worked examples, printed there step by step.
#include "cluster/reordering_metrics.hpp"

#include <gtest/gtest.h>
#include <initializer_list>
#include <vector>

namespace mpsec::cluster {
namespace {

using std::chrono::milliseconds;

struct Row {
  std::uint64_t number;
  int milliseconds;
};

ReorderingReport measured(const std::vector<Row>& rows, const ReorderingOptions& options = {}) {
  ReorderingMetrics metrics(options);
  for (const Row& row : rows)
    metrics.arrival(SequenceNumber(row.number), Instant(milliseconds(row.milliseconds)), 100);
  return metrics.report();
}

ReorderingReport measured(std::initializer_list<std::uint64_t> numbers,
                          const ReorderingOptions& options = {}) {
  std::vector<Row> rows;
  for (const std::uint64_t number : numbers)
    rows.push_back({number, static_cast<int>(rows.size())});
  return measured(rows, options);
}

std::vector<std::uint64_t> trimmed(std::vector<std::uint64_t> counts) {
  while (!counts.empty() && counts.back() == 0)
    counts.pop_back();
  return counts;
}

TEST(Rfc4737Examples, SinglePacketReordered) {  // 7.1, table 1
  const auto report = measured(std::vector<Row>{
      {1, 68}, {2, 88}, {3, 108}, {5, 148}, {6, 168}, {7, 188}, {8, 208}, {4, 210}, {9, 228}, {10, 248}});
  EXPECT_EQ(report.reordered, 1u);
  EXPECT_DOUBLE_EQ(report.reordered_ratio(), 0.1);
  EXPECT_EQ(report.extent.extent().count(4), 1u);
  EXPECT_EQ(report.extent.late_time().maximum(), Duration(milliseconds(62)).count());
  EXPECT_EQ(report.extent.byte_offset().maximum(), 400);
  EXPECT_EQ(report.n_reordered(4), 1u);
  EXPECT_EQ(report.n_reordered(5), 0u);
  EXPECT_EQ(report.discontinuities, 1u);
  EXPECT_EQ(report.lost, 0u);
  EXPECT_EQ(report.gaps, 0u);
}

TEST(Rfc4737Examples, TwoPacketsReordered) {  // 7.2, table 2
  const auto report = measured(std::vector<Row>{
      {1, 68}, {2, 88}, {3, 108}, {4, 128}, {7, 188}, {5, 189}, {6, 190}, {8, 208}, {9, 228}, {10, 248}});
  EXPECT_EQ(trimmed(report.extent.extent().counts()), (std::vector<std::uint64_t>{0, 1, 1}));
  EXPECT_EQ(report.extent.late_time().minimum(), Duration(milliseconds(1)).count());
  EXPECT_EQ(report.extent.late_time().maximum(), Duration(milliseconds(2)).count());
  EXPECT_EQ(report.extent.byte_offset().minimum(), 100);
  EXPECT_EQ(report.extent.byte_offset().maximum(), 100);
  EXPECT_EQ(report.extent.reordering_discontinuities(), 1u);
  EXPECT_EQ(report.n_reordered(1), 1u);
  EXPECT_EQ(report.n_reordered(2), 0u);
}

TEST(Rfc4737Examples, ThreePacketsReordered) {  // 7.3, table 3
  const auto report = measured(std::vector<Row>{{1, 68},
                                                {2, 88},
                                                {3, 108},
                                                {7, 188},
                                                {8, 208},
                                                {9, 228},
                                                {10, 248},
                                                {4, 250},
                                                {5, 252},
                                                {6, 256},
                                                {11, 268}});
  EXPECT_EQ(trimmed(report.extent.extent().counts()), (std::vector<std::uint64_t>{0, 0, 0, 0, 1, 1, 1}));
  EXPECT_EQ(report.extent.late_time().minimum(), Duration(milliseconds(62)).count());
  EXPECT_EQ(report.extent.late_time().maximum(), Duration(milliseconds(68)).count());
  EXPECT_EQ(report.extent.byte_offset().minimum(), 400);
  EXPECT_EQ(report.extent.byte_offset().maximum(), 400);
  EXPECT_EQ(report.extent.reordering_discontinuities(), 1u);
  EXPECT_EQ(trimmed(report.n_reordering.counts()), (std::vector<std::uint64_t>{0, 0, 0, 0, 1}));
}

TEST(Rfc4737Examples, TwoDiscontinuities) {  // 7.4, table 4
  const auto report = measured({1, 2, 3, 6, 7, 4, 5, 8, 9, 10, 12, 13, 11, 14, 15, 16});
  EXPECT_EQ(trimmed(report.extent.extent().counts()), (std::vector<std::uint64_t>{0, 0, 2, 1}));
  EXPECT_EQ(report.extent.reordering_discontinuities(), 2u);
  EXPECT_EQ(report.extent.gap().total(), 1u);
  EXPECT_EQ(report.extent.gap().maximum(), 7);
  EXPECT_EQ(report.free_runs.runs, 3u);
  EXPECT_EQ(report.free_runs.square_sum, 5u * 5 + 0 + 5 * 5);
  EXPECT_EQ(report.free_runs.in_order, 13u);
  EXPECT_EQ(report.free_runs.current_length, 3u);
}

TEST(Rfc4737Examples, BlocksOfReorderedPacketsHaveOneNReordered) {  // 5.3
  const auto report = measured({1, 2, 3, 7, 8, 9, 4, 5, 6});
  EXPECT_EQ(report.reordered, 3u);
  EXPECT_EQ(trimmed(report.n_reordering.counts()), (std::vector<std::uint64_t>{0, 0, 0, 1}));
  EXPECT_DOUBLE_EQ(report.degree_of_n_reordering(3), 1.0 / 9);
}

TEST(Rfc4737Examples, RunsOfEqualLength) {  // 4.6.4: 36 packets, three runs of 11
  std::vector<Row> rows;
  for (std::uint64_t run = 0; run < 3; ++run) {
    for (std::uint64_t i = 1; i <= 11; ++i)
      rows.push_back({run * 12 + 1 + i, 0});
    rows.push_back({run * 12 + 1, 0});
  }
  const auto report = measured(rows, {.first = SequenceNumber(1)});
  EXPECT_EQ(report.received, 36u);
  EXPECT_EQ(report.free_runs.runs, 3u);
  EXPECT_EQ(report.free_runs.in_order, 33u);
  EXPECT_EQ(report.free_runs.square_sum, 363u);
  EXPECT_DOUBLE_EQ(report.free_runs.mean(), 11.0);
  EXPECT_DOUBLE_EQ(report.free_runs.variability(), 1.0);
}

TEST(Rfc4737Examples, RunsOfUnequalLength) {  // 4.6.4: two runs of 1 and one of 31
  std::vector<Row> rows = {{2, 0}, {1, 0}, {4, 0}, {3, 0}};
  for (std::uint64_t number = 6; number <= 36; ++number)
    rows.push_back({number, 0});
  rows.push_back({5, 0});
  const auto report = measured(rows, {.first = SequenceNumber(1)});
  EXPECT_EQ(report.free_runs.square_sum, 963u);
  EXPECT_NEAR(report.free_runs.variability(), 2.65, 0.005);
}

std::vector<std::uint64_t> displacements(const ReorderDensity& density, std::int64_t reach) {
  std::vector<std::uint64_t> frequencies;
  for (std::int64_t d = -reach; d <= reach; ++d)
    frequencies.push_back(density.frequency(d));
  return frequencies;
}

TEST(Rfc5236Examples, NoLoss) {  // 8 a, tables 1 to 4
  const auto report =
      measured({1, 4, 2, 5, 3, 6, 7, 8},
               {.displacement_threshold = 4, .buffer_threshold = 4, .first = SequenceNumber(1)});
  EXPECT_EQ(displacements(report.density, 2), (std::vector<std::uint64_t>{1, 1, 4, 1, 1}));
  EXPECT_DOUBLE_EQ(report.density.density(0), 0.5);
  EXPECT_EQ(trimmed(report.buffer_density.occupancy().counts()), (std::vector<std::uint64_t>{5, 2, 1}));
  EXPECT_DOUBLE_EQ(report.buffer_density.density(0), 0.625);
}

TEST(Rfc5236Examples, Loss) {  // 8 b, tables 5 and 6
  const auto report = measured(
      {1, 2, 4, 5, 6, 7}, {.displacement_threshold = 3, .buffer_threshold = 3, .first = SequenceNumber(1)});
  EXPECT_EQ(displacements(report.density, 3), (std::vector<std::uint64_t>{0, 0, 0, 6, 0, 0, 0}));
  EXPECT_EQ(trimmed(report.buffer_density.occupancy().counts()), (std::vector<std::uint64_t>{3, 1, 1, 1}));
}

TEST(Rfc5236Examples, Duplicates) {  // 8 c, tables 7 and 8
  const auto report = measured(
      {1, 3, 2, 3, 4, 5}, {.displacement_threshold = 2, .buffer_threshold = 2, .first = SequenceNumber(1)});
  EXPECT_EQ(displacements(report.density, 2), (std::vector<std::uint64_t>{0, 1, 3, 1, 0}));
  EXPECT_DOUBLE_EQ(report.density.density(0), 0.6);
  EXPECT_EQ(trimmed(report.buffer_density.occupancy().counts()), (std::vector<std::uint64_t>{4, 1}));
  EXPECT_EQ(report.duplicates, 1u);
}

TEST(Rfc5236Examples, ReceiveIndexSkipsTheLostAndTheCopies) {  // 3.1 and 3.3, examples 1 to 3
  const ReorderingOptions options{.displacement_threshold = 3, .first = SequenceNumber(1)};
  EXPECT_EQ(displacements(measured({2, 1, 4, 5, 3}, options).density, 2),
            (std::vector<std::uint64_t>{0, 3, 0, 1, 1}));
  EXPECT_EQ(displacements(measured({1, 4, 3, 5, 3}, options).density, 2),
            (std::vector<std::uint64_t>{0, 1, 2, 1, 0}));
  EXPECT_EQ(displacements(measured({1, 4, 3, 5, 3, 8, 7, 6}, options).density, 2),
            (std::vector<std::uint64_t>{1, 1, 3, 1, 1}));
}

TEST(Rfc5236Examples, ReorderSets) {  // 4, examples 4 and 5
  const ReorderingOptions options{.displacement_threshold = 3, .first = SequenceNumber(1)};
  EXPECT_EQ(displacements(measured({1, 2, 3, 5, 4, 6}, options).density, 2),
            (std::vector<std::uint64_t>{0, 1, 4, 1, 0}));
  EXPECT_EQ(displacements(measured({1, 2, 5, 3, 6, 2}, options).density, 2),
            (std::vector<std::uint64_t>{1, 0, 3, 0, 1}));
}

TEST(Rfc5236Examples, ARoguePacketTouchesAtMostDtPackets) {  // 6
  std::vector<Row> rows = {{1, 0}, {5430, 0}};
  for (std::uint64_t number = 2; number <= 1000; ++number)
    rows.push_back({number, 0});
  const auto report = measured(rows, {.displacement_threshold = 8, .first = SequenceNumber(1)});
  EXPECT_EQ(report.density.frequency(0), 1000u);
  EXPECT_EQ(report.density.discarded(), 1u);
}

TEST(ReorderingMetrics, NothingArrived) {
  const auto report = ReorderingMetrics().report();
  EXPECT_EQ(report.received, 0u);
  EXPECT_EQ(report.reordered_ratio(), 0.0);
  EXPECT_EQ(report.density.density(0), 0.0);
}

TEST(ReorderingMetrics, AnEarlierStartIsReorderedAndNotLostBefore) {
  const auto report = measured({10, 11, 7, 12});
  EXPECT_EQ(report.reordered, 1u);
  EXPECT_EQ(report.lowest, 7u);
  EXPECT_EQ(report.lost, 2u);
  EXPECT_EQ(report.gaps, 1u);
}

TEST(ReorderingMetrics, BeyondTheBoundIsSaidToBe) {
  ReorderingMetrics metrics({.bound = 64});
  metrics.arrival(SequenceNumber(1000), {}, 1);
  EXPECT_EQ(metrics.arrival(SequenceNumber(936), {}, 1), ArrivalOrder::reordered);
  EXPECT_EQ(metrics.arrival(SequenceNumber(936), {}, 1), ArrivalOrder::duplicate);
  EXPECT_EQ(metrics.arrival(SequenceNumber(935), {}, 1), ArrivalOrder::beyond_bound);
  EXPECT_EQ(metrics.report().beyond_bound, 1u);
}

TEST(ReorderingMetrics, TheLastNumberOfAllIsNoTrap) {
  ReorderingMetrics metrics;
  const std::uint64_t last = UINT64_MAX;
  EXPECT_EQ(metrics.arrival(SequenceNumber(last - 2), {}, 1), ArrivalOrder::in_order);
  EXPECT_EQ(metrics.arrival(SequenceNumber(last), {}, 1), ArrivalOrder::discontinuity);
  EXPECT_EQ(metrics.arrival(SequenceNumber(last - 1), {}, 1), ArrivalOrder::reordered);
  EXPECT_EQ(metrics.arrival(SequenceNumber(last), {}, 1), ArrivalOrder::duplicate);
  EXPECT_EQ(metrics.arrival(SequenceNumber(0), {}, 1), ArrivalOrder::beyond_bound);
  EXPECT_EQ(metrics.report().received, 4u);
}

TEST(ReorderingMetrics, StartsAtZeroToo) {
  const auto report = measured({0, 1, 2});
  EXPECT_EQ(report.received, 3u);
  EXPECT_EQ(report.discontinuities, 0u);
  EXPECT_EQ(report.reordered, 0u);
}

}  // namespace
}  // namespace mpsec::cluster
