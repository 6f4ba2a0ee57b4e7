// What a packet pays for its sequence number: an SA's own counter (the floor), and a cluster's shared one.
// depends: cluster bench_support fmt::fmt
#include <fmt/format.h>
#include <memory>

#include "cluster/leased_sequence.hpp"
#include "support/crew.hpp"

namespace mpsec::bench {
namespace {

using namespace cluster;
using ipsec::SequenceSource;

// Numbers for 32 packets, `at_once` at a time.
void number_packets(SequenceSource& source, std::uint32_t at_once) {
  for (std::uint32_t packet = 0; packet < 32; packet += at_once)
    benchmark::DoNotOptimize(source.take(at_once));
}

void report(benchmark::State& state, const CrewCost& floor, const CrewCost& cost) {
  state.counters["floor_cycles"] = floor.median;
  state.counters["cycles"] = cost.median;
  state.counters["cycles_quartile"] = cost.quartile;
  state.counters["samples"] = static_cast<double>(cost.samples);
}

CrewCost own_counters(std::size_t threads, std::uint32_t at_once) {
  struct alignas(64) Own {
    ipsec::SequenceCounter counter{true};
  };
  std::vector<Own> owns(threads);
  return crew_cost(threads, 32, [&](std::size_t thread) { number_packets(owns[thread].counter, at_once); });
}

void shared(benchmark::State& state, std::size_t threads, std::uint32_t at_once) {
  for (auto _ : state) {
    SharedSequence sequence(true);
    const CrewCost floor = own_counters(threads, at_once);
    report(state, floor, crew_cost(threads, 32, [&](std::size_t) { number_packets(sequence, at_once); }));
  }
}

// Leases of 32, used in batches of `at_once`. Displacement: how far a number lay behind the counter when its
// batch began.
void leased(benchmark::State& state, std::size_t threads, std::uint32_t at_once) {
  for (auto _ : state) {
    SharedSequence sequence(true);
    std::vector<LeasedSequence> leases(threads,
                                       LeasedSequence(sequence, {.numbers = 32, .peer_window = 4096}));
    const CrewCost floor = own_counters(threads, at_once);
    report(state, floor, crew_cost(threads, 32, [&](std::size_t thread) {
             for (std::uint32_t packet = 0; packet < 32; packet += at_once) {
               leases[thread].begin_batch({});
               benchmark::DoNotOptimize(leases[thread].take(at_once));
             }
           }));
    LeaseReport sum;
    for (const LeasedSequence& lease : leases) {
      const LeaseReport one = lease.report();
      sum.largest_displacement = std::max(sum.largest_displacement, one.largest_displacement);
      sum.sent += one.sent, sum.abandoned_behind += one.abandoned_behind;
    }
    state.counters["largest_displacement"] = static_cast<double>(sum.largest_displacement);
    state.counters["abandoned_ppm"] =
        1e6 * static_cast<double>(sum.abandoned_behind) / static_cast<double>(sum.sent);
  }
}

// An addition to a line that the other thread has written since, with work in between that nothing overlaps:
// what bench/experiments starts from. The floor: an addition to a line of the thread's own.
void line_transfer(benchmark::State& state) {
  struct alignas(64) Line {
    std::atomic<std::uint64_t> number{1};
  };
  const auto add_after_work = [](Line& line) {
    std::uint64_t work = line.number.fetch_add(1, std::memory_order_relaxed);
    for (int i = 0; i < 400; ++i)
      work = work * 6364136223846793005u + 1;
    benchmark::DoNotOptimize(work);
  };
  for (auto _ : state) {
    std::vector<Line> lines(2);
    const CrewCost own = crew_cost(2, 1, [&](std::size_t thread) { add_after_work(lines[thread]); });
    const CrewCost shared = crew_cost(2, 1, [&](std::size_t) { add_after_work(lines[0]); });
    state.counters["cycles"] = shared.median - own.median;
    state.counters["cycles_quartile"] = shared.quartile - own.quartile;
    state.counters["samples"] = static_cast<double>(shared.samples);
  }
}
BENCHMARK(line_transfer)->Name("sequence/line_transfer")->Iterations(1);

const bool entered = [] {
  for (const std::size_t threads : {1u, 2u})
    for (const std::uint32_t at_once : {1u, 8u, 32u}) {
      const auto register_one = [&](const char* way, auto call) {
        benchmark::RegisterBenchmark(
            fmt::format("sequence/{}/batch:{}/threads:{}", way, at_once, threads).c_str(),
            [=](benchmark::State& state) { call(state, threads, at_once); })
            ->Iterations(1);
      };
      register_one("shared", shared);
      register_one("leased:32", leased);
    }
  return true;
}();

}  // namespace
}  // namespace mpsec::bench
