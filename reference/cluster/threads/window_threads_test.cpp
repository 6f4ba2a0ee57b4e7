// The shared window under threads: every number is accepted once, and none that the window holds is refused.
#include <atomic>
#include <gtest/gtest.h>
#include <memory>

#include "base/rng.hpp"
#include "cluster/cluster_core.hpp"
#include "cluster/shared_sequence.hpp"
#include "cluster/shared_window.hpp"
#include "cluster/threads/test_crew.hpp"

namespace mpsec::cluster {
namespace {

using ipsec::AntiReplay;
using ipsec::ReplayVerdict;

constexpr std::size_t threads = 4;
constexpr std::uint32_t batch = 32;

struct Tally {
  std::uint64_t fresh = 0, duplicate = 0, too_old = 0;
  void add(ReplayVerdict verdict) {
    (verdict == ReplayVerdict::fresh       ? fresh
     : verdict == ReplayVerdict::duplicate ? duplicate
                                           : too_old) += 1;
  }
};

// Judges a batch as an SA does: the hint, then the decision on what the hint let through.
template <class Each>
void judge(AntiReplay& window, std::span<const std::uint32_t> on_wire, Each each) {
  std::array<AntiReplay::Hint, batch> hints;
  std::array<std::uint64_t, batch> numbers;
  std::array<ReplayVerdict, batch> verdicts;
  window.check(on_wire, std::span(hints).first(on_wire.size()));
  std::size_t open = 0;
  for (std::size_t i = 0; i < on_wire.size(); ++i) {
    if (hints[i].verdict == ReplayVerdict::fresh)
      numbers[open++] = hints[i].number;
    else
      each(hints[i].number, hints[i].verdict);
  }
  window.accept(std::span(numbers).first(open), std::span(verdicts).first(open));
  for (std::size_t i = 0; i < open; ++i)
    each(numbers[i], verdicts[i]);
}

using Places = std::array<std::atomic<std::uint64_t>, threads>;

std::uint64_t slowest(const Places& places) {
  std::uint64_t least = places[0];
  for (const auto& place : places)
    least = std::min(least, place.load());
  return least;
}

// Every thread sees every number, in an order of its own within the window: all but one copy are duplicates.
//= profile/6/accepted-once
TEST(SharedWindowThreads, AcceptEachOfMillionsOfNumbersExactlyOnce) {
  constexpr std::uint64_t numbers = 1'000'000;
  constexpr std::uint32_t size = 1024;
  SharedWindow window(size, true);
  std::vector<std::atomic<std::uint8_t>> accepted(numbers + 1);
  std::vector<Tally> tallies(threads);
  Places at{};
  run_together(threads, [&](std::size_t thread) {
    SeededRng rng(thread + 1);
    std::array<std::uint32_t, batch> on_wire;
    for (std::uint64_t base = 0; base < numbers; base += batch) {
      // Nobody is further ahead of the slowest than the window allows.
      at[thread] = base;
      while (base > slowest(at) + size - 2 * batch)
        std::this_thread::yield();
      for (std::uint32_t i = 0; i < batch; ++i)
        on_wire[i] = static_cast<std::uint32_t>(base + i + 1);
      for (std::uint32_t i = batch; i > 1; --i)
        std::swap(on_wire[i - 1], on_wire[rng.below(i)]);
      judge(window, on_wire, [&](std::uint64_t number, ReplayVerdict verdict) {
        tallies[thread].add(verdict);
        if (verdict == ReplayVerdict::fresh) accepted[number] += 1;
      });
    }
    at[thread] = ~std::uint64_t{0} - size;
  });
  std::uint64_t once = 0, duplicates = 0, too_old = 0;
  for (std::uint64_t number = 1; number <= numbers; ++number)
    once += accepted[number] == 1;
  for (const Tally& tally : tallies)
    duplicates += tally.duplicate, too_old += tally.too_old;
  EXPECT_EQ(once, numbers);
  EXPECT_EQ(duplicates, (threads - 1) * numbers);
  EXPECT_EQ(too_old, 0u);
  EXPECT_EQ(window.report().accepted, numbers);
}

// Threads have numbers of their own, over many laps of the smallest ring, with threads that stop for a while:
// what is refused was too old or is not accepted by anybody; nothing is accepted twice although every number
// is shown twice.
TEST(SharedWindowThreads, NeverAcceptTwiceWhileLapsAreOvertaken) {
  constexpr std::uint64_t numbers = 2'000'000;
  SharedSequence sequence(true);
  SharedWindow window(32, true);
  std::vector<std::atomic<std::uint8_t>> accepted(numbers + 64), refused(numbers + 64);
  run_together(threads, [&](std::size_t) {
    std::array<std::uint64_t, batch> list;
    std::array<ReplayVerdict, batch> verdicts;
    for (;;) {
      const auto range = sequence.take(batch);
      if (range.first + range.count > numbers) break;
      for (std::uint32_t i = 0; i < range.count; ++i)
        list[i] = range.first + i;
      for (const int pass : {1, 2}) {
        window.accept(list, verdicts);
        for (std::uint32_t i = 0; i < batch; ++i)
          if (verdicts[i] == ReplayVerdict::fresh)
            accepted[list[i]] += 1;
          else if (pass == 1)
            refused[list[i]] += verdicts[i] == ReplayVerdict::too_old ? 1 : 100;
      }
    }
  });
  for (std::uint64_t number = 1; number + batch <= numbers; ++number)
    ASSERT_EQ(accepted[number] + refused[number], 1) << number;
  EXPECT_GT(window.report().accepted, numbers / 100);
}

// The floor rises beside writers: what was accepted was accepted once, and nothing below a floor that the
// writer knew of.
TEST(SharedWindowThreads, ResynchroniseBesideWriters) {
  constexpr std::uint64_t numbers = 500'000;
  SharedSequence sequence(true);
  SharedWindow window(4096, true);
  std::atomic<std::uint64_t> floor = 0;
  std::atomic<std::uint64_t> wrong = 0;
  std::vector<std::atomic<std::uint8_t>> accepted(numbers + 64);
  run_together(threads, [&](std::size_t thread) {
    for (std::uint64_t turn = 1;; ++turn) {
      const auto range = sequence.take(1);
      if (range.first > numbers) break;
      if (thread == 0 && turn % 1000 == 0) {
        window.resynchronise(range.first);
        floor = range.first;
        continue;
      }
      const std::uint64_t known = floor;
      ReplayVerdict verdict;
      window.accept({&range.first, 1}, {&verdict, 1});
      if (verdict != ReplayVerdict::fresh) continue;
      accepted[range.first] += 1;
      wrong += range.first <= known;
    }
  });
  EXPECT_EQ(wrong, 0u);
  EXPECT_EQ(std::ranges::count_if(accepted, [](const auto& times) { return times > 1; }), 0);
}

// Without anti-replay the top that all workers share was a plain number, which two of them wrote at once.
TEST(ClusterReview, N005WithoutAntiReplayTheTopIsSharedByWorkersToo) {
  ClusterParameters parameters;
  parameters.anti_replay = false;
  const ClusterCore core(parameters);
  constexpr std::uint64_t most = 20'000;
  run_together(2, [&](std::uint64_t worker) {
    for (std::uint64_t number = 1 + worker; number <= most; number += 2) {
      ReplayVerdict verdict{};
      core.window()->accept({&number, 1}, {&verdict, 1});
      EXPECT_EQ(verdict, ReplayVerdict::fresh);
      EXPECT_GE(core.window()->top(), number);
    }
  });
  EXPECT_EQ(core.window()->top(), most);
}

}  // namespace
}  // namespace mpsec::cluster
