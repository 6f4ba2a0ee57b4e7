// What a packet pays the anti-replay window, hint and decision, with one thread and with two.
// depends: cluster bench_support fmt::fmt

// The floor is a window of each thread's own. Numbers come from one counter, in leases of 32 or one by one;
// what that costs is measured apart and taken off both.
#include <deque>
#include <fmt/format.h>
#include <memory>
#include <mutex>

#include "cluster/shared_sequence.hpp"
#include "cluster/shared_window.hpp"
#include "ipsec/replay_window.hpp"
#include "support/crew.hpp"

namespace mpsec::bench {
namespace {

using namespace cluster;
using ipsec::AntiReplay;
using ipsec::ReplayVerdict;

constexpr std::uint32_t packets = 32, size = 4096;

// The plain way to share: a lock around the window of one writer.
class LockedWindow final : public AntiReplay {
 public:
  void check(std::span<const std::uint32_t> on_wire, std::span<Hint> hints) const noexcept override {
    const std::scoped_lock lock(mutex_);
    window_.check(on_wire, hints);
  }
  void accept(std::span<const std::uint64_t> numbers, std::span<ReplayVerdict> verdicts) noexcept override {
    const std::scoped_lock lock(mutex_);
    window_.accept(numbers, verdicts);
  }
  std::uint64_t top() const noexcept override { return window_.top(); }
  void resynchronise(std::uint64_t number) noexcept override { window_.resynchronise(number); }

 private:
  mutable std::mutex mutex_;
  ipsec::ReplayWindow window_{size, true};
};

// How numbers come to a thread, and how many go to the window at once.
struct Way {
  const char* name;
  std::uint32_t run;    // consecutive numbers that a thread receives
  std::uint32_t batch;  // in a call
};

struct alignas(64) Receiver {
  std::array<std::uint32_t, packets> on_wire;
  std::array<AntiReplay::Hint, packets> hints;
  std::array<std::uint64_t, packets> numbers;
  std::array<ReplayVerdict, packets> verdicts;
  std::uint64_t refused = 0;

  void draw(SharedSequence& sequence, std::uint32_t at, std::uint32_t count) {
    const auto range = sequence.take(count);
    for (std::uint32_t i = 0; i < count; ++i)
      on_wire[at + i] = static_cast<std::uint32_t>(range.first + i);
  }
  void judge(AntiReplay& window, std::uint32_t at, std::uint32_t count) {
    window.check(std::span(on_wire).subspan(at, count), std::span(hints).first(count));
    for (std::uint32_t i = 0; i < count; ++i)
      numbers[i] = hints[i].number;
    window.accept(std::span(numbers).first(count), std::span(verdicts).first(count));
    for (std::uint32_t i = 0; i < count; ++i)
      refused += verdicts[i] != ReplayVerdict::fresh;
  }
};

// One round of a thread: 32 packets.
void receive(Receiver& receiver, SharedSequence& sequence, AntiReplay& window, const Way& way) {
  for (std::uint32_t run = 0; run < packets; run += way.run) {
    receiver.draw(sequence, run, way.run);
    benchmark::DoNotOptimize(receiver.on_wire.data());
    benchmark::ClobberMemory();
    for (std::uint32_t at = run; at < run + way.run; at += way.batch)
      receiver.judge(window, at, way.batch);
  }
}

enum class Numbers : std::uint8_t { own, shared };

template <class WindowOf>
CrewCost cost_of(std::size_t threads, const Way& way, Numbers from, WindowOf window_of,
                 std::uint64_t& refused) {
  std::deque<SharedSequence> sequences;
  for (std::size_t i = 0; i < threads; ++i)
    sequences.emplace_back(true);
  std::vector<std::unique_ptr<Receiver>> receivers(threads);
  for (auto& receiver : receivers)
    receiver = std::make_unique<Receiver>();
  const CrewCost cost = crew_cost(threads, packets, [&](std::size_t thread) {
    receive(*receivers[thread], sequences[from == Numbers::own ? thread : 0], *window_of(thread), way);
  });
  for (const auto& receiver : receivers)
    refused += receiver->refused;
  return cost;
}

template <class Window>
void against_own_windows(benchmark::State& state, std::size_t threads, const Way& way, Window& window) {
  struct alignas(64) Own {
    ipsec::ReplayWindow window{size, true};
  };
  std::vector<Own> own(threads);
  std::uint64_t refused = 0, none = 0;
  const auto own_window = [&](std::size_t thread) { return &own[thread].window; };
  const CrewCost floor = cost_of(threads, way, Numbers::own, own_window, none);
  const CrewCost numbers = cost_of(threads, way, Numbers::shared, own_window, none);
  const CrewCost cost = cost_of(threads, way, Numbers::shared, [&](std::size_t) { return &window; }, refused);
  state.counters["floor_cycles"] = floor.median;
  state.counters["numbers_cycles"] = numbers.median - floor.median;
  state.counters["cycles"] = cost.median - numbers.median + floor.median;
  state.counters["cycles_quartile"] = cost.quartile - numbers.quartile + floor.quartile;
  state.counters["refused"] = static_cast<double>(refused);
  state.counters["samples"] = static_cast<double>(cost.samples);
}

constexpr Way ways[] = {
    {"leased/batch:32", 32, 32}, {"leased/one_by_one", 32, 1}, {"interleaved/one_by_one", 1, 1}};

const bool entered = [] {
  for (const std::size_t threads : {1u, 2u})
    for (const Way& way : ways) {
      const auto name = [&](const char* window) {
        return fmt::format("cluster_window/{}/{}/threads:{}", window, way.name, threads);
      };
      benchmark::RegisterBenchmark(name("mutex").c_str(), [=](benchmark::State& state) {
        LockedWindow window;
        for (auto _ : state)
          against_own_windows(state, threads, way, window);
      })->Iterations(1);
      benchmark::RegisterBenchmark(name("shared").c_str(), [=](benchmark::State& state) {
        SharedWindow window(size, true);
        for (auto _ : state)
          against_own_windows(state, threads, way, window);
      })->Iterations(1);
    }
  return true;
}();

}  // namespace
}  // namespace mpsec::bench
