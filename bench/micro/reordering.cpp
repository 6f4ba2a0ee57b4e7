// What the reordering metrics of RFC 4737 and RFC 5236 cost a packet, all of them together.
// depends: cluster
#include <algorithm>
#include <benchmark/benchmark.h>
#include <vector>

#include "base/rng.hpp"
#include "cluster/reordering_metrics.hpp"

namespace mpsec::cluster {
namespace {

constexpr std::uint64_t packets = 1 << 18;

// Two paths, a packet takes either; one is `skew` packets slower. A packet in `loss` gets lost.
std::vector<std::uint64_t> two_paths(std::uint64_t skew, std::uint64_t loss) {
  SeededRng rng(1);
  std::vector<std::pair<std::uint64_t, std::uint64_t>> arrivals;
  for (std::uint64_t number = 1; number <= packets; ++number)
    if (loss == 0 || rng.below(loss) != 0) arrivals.emplace_back(number + rng.below(2) * skew, number);
  std::ranges::stable_sort(arrivals, {}, [](const auto& arrival) { return arrival.first; });
  std::vector<std::uint64_t> numbers;
  for (const auto& arrival : arrivals)
    numbers.push_back(arrival.second);
  return numbers;
}

void arrivals(benchmark::State& state) {
  const auto numbers =
      two_paths(static_cast<std::uint64_t>(state.range(0)), static_cast<std::uint64_t>(state.range(1)));
  for (auto _ : state) {
    ReorderingMetrics metrics;
    std::int64_t time = 0;
    for (const std::uint64_t number : numbers)
      benchmark::DoNotOptimize(metrics.arrival(SequenceNumber(number), Instant(Duration(time += 100)), 100));
  }
  state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(numbers.size()));
}
BENCHMARK(arrivals)
    ->ArgNames({"skew", "loss"})
    ->Args({0, 0})
    ->Args({0, 100})
    ->Args({4, 0})
    ->Args({100, 1000})
    ->Args({10000, 1000});

}  // namespace
}  // namespace mpsec::cluster
