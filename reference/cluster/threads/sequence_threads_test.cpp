// The shared counter under threads: every number goes to one of them.
#include <gtest/gtest.h>
#include <numeric>

#include "cluster/leased_sequence.hpp"
#include "cluster/threads/test_crew.hpp"

namespace mpsec::cluster {
namespace {

constexpr std::size_t threads = 4;

// How often each number up to `last` was given out, counted without a lock: each thread has a list of its
// own.
std::vector<std::uint8_t> times_given(const std::vector<std::vector<ipsec::SequenceSource::Range>>& ranges,
                                      std::uint64_t first, std::uint64_t last) {
  std::vector<std::uint8_t> times(last - first + 1);
  for (const auto& of_thread : ranges)
    for (const auto& range : of_thread)
      for (std::uint32_t i = 0; i < range.count; ++i)
        times.at(range.first + i - first) += 1;
  return times;
}

//= profile/4/numbers-are-unique
TEST(SharedSequenceThreads, GiveEveryNumberOnceUpToTheLast) {
  constexpr std::uint64_t numbers = 2'000'003;
  SharedSequence sequence(false, 0xffffffff - numbers);
  std::vector<std::vector<ipsec::SequenceSource::Range>> ranges(threads);
  run_together(threads, [&](std::size_t thread) {
    for (std::uint32_t wanted = 1;; wanted = wanted % 64 + 1) {
      const auto range = sequence.take(wanted);
      if (range.count == 0) break;
      ranges[thread].push_back(range);
    }
  });
  const auto times = times_given(ranges, 0xffffffff - numbers + 1, 0xffffffff);
  EXPECT_EQ(std::ranges::count(times, 1), static_cast<std::ptrdiff_t>(numbers));
  EXPECT_EQ(sequence.last_used(), 0xffffffffu);
}

TEST(LeasedSequenceThreads, SendNoNumberTwiceAndAccountForAll) {
  constexpr std::uint64_t numbers = 1'000'003;
  SharedSequence sequence(false, 0xffffffff - numbers);
  std::vector<std::vector<ipsec::SequenceSource::Range>> ranges(threads);
  std::vector<LeaseReport> reports(threads);
  run_together(threads, [&](std::size_t thread) {
    LeasedSequence lease(sequence, {.numbers = 32, .peer_window = 256});
    for (std::uint32_t wanted = 1; sequence.left() > 0; wanted = wanted % 40 + 1) {
      lease.begin_batch({});
      const auto range = lease.take(wanted);
      ranges[thread].push_back(range);
    }
    reports[thread] = lease.report();
  });
  const auto times = times_given(ranges, 0xffffffff - numbers + 1, 0xffffffff);
  std::uint64_t sent = 0, not_sent = 0;
  for (const LeaseReport& report : reports)
    sent += report.sent, not_sent += report.abandoned_behind + report.abandoned_by_time + report.held;
  EXPECT_EQ(std::ranges::count(times, 1), static_cast<std::ptrdiff_t>(sent));
  EXPECT_EQ(std::ranges::count(times, 0), static_cast<std::ptrdiff_t>(not_sent));
  EXPECT_EQ(sent + not_sent, numbers);
}

}  // namespace
}  // namespace mpsec::cluster
