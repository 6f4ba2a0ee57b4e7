// Two ways of doing the same, measured in turns: what else the machine does meanwhile slows both.
#pragma once

#include <algorithm>
#include <benchmark/benchmark.h>
#include <chrono>
#include <cstdint>
#include <vector>
#if defined(__x86_64__)
#include <x86intrin.h>
#endif

namespace mpsec::bench {

// The time-stamp counter: cycles at the machine's nominal frequency. Nanoseconds where there is none.
inline std::uint64_t cycles() {
#if defined(__x86_64__)
  unsigned processor = 0;
  return __rdtscp(&processor);
#else
  return static_cast<std::uint64_t>(std::chrono::steady_clock::now().time_since_epoch().count());
#endif
}

// Time-stamp cycles in a second, measured once.
inline double cycles_per_second() {
  static const double measured = [] {
    using Clock = std::chrono::steady_clock;
    const auto begin = Clock::now();
    const std::uint64_t from = cycles();
    while (Clock::now() - begin < std::chrono::milliseconds(20)) {
    }
    const std::uint64_t to = cycles();
    return static_cast<double>(to - from) / std::chrono::duration<double>(Clock::now() - begin).count();
  }();
  return measured;
}

// Many measurements of one thing. The quartile on the fast side is what the thing costs when nothing disturbs
// it, without being the one luckiest case.
class Samples {
 public:
  Samples() { samples_.reserve(most); }

  template <class Call>
  void take(Call call) {
    const std::uint64_t from = cycles();
    call();
    const std::uint64_t to = cycles();
    if (samples_.size() < most) samples_.push_back(to - from);
  }

  double quartile() {
    const auto at = samples_.begin() + static_cast<std::ptrdiff_t>(samples_.size() / 4);
    std::nth_element(samples_.begin(), at, samples_.end());
    return static_cast<double>(*at);
  }

 private:
  static constexpr std::size_t most = 1 << 16;
  std::vector<std::uint64_t> samples_;
};

// Runs both in turns for as long as the benchmark lasts, each call over `packets` packets of `octets` octets
// and after a call of prepare(), which is not measured. Reports ours in cycles and Gb/s, and the ratio of the
// floor's time to ours: 1 is as fast as the floor.
template <class Prepare, class FloorCall, class OurCall>
void against_the_floor(benchmark::State& state, Prepare prepare, FloorCall floor, OurCall ours,
                       std::size_t packets, std::size_t octets) {
  Samples of_floor, of_ours;
  for (auto _ : state) {
    prepare();
    of_floor.take(floor);
    prepare();
    of_ours.take(ours);
  }
  const double floor_cycles = of_floor.quartile() / static_cast<double>(packets);
  const double our_cycles = of_ours.quartile() / static_cast<double>(packets);
  state.counters["floor_cycles"] = floor_cycles;
  state.counters["cycles"] = our_cycles;
  state.counters["of_floor"] = floor_cycles / our_cycles;
  state.counters["Gb/s"] = static_cast<double>(octets) * 8 / our_cycles * cycles_per_second() / 1e9;
  state.counters["octets/cycle"] = static_cast<double>(octets) / our_cycles;
}

}  // namespace mpsec::bench
