// What a packet pays the anti-replay window: the hint before the ICV is checked, the decision after it.
// depends: ipsec bench_support fmt::fmt
#include <fmt/format.h>
#include <numeric>

#include "base/rng.hpp"
#include "ipsec/replay_window.hpp"
#include "support/comparison.hpp"

namespace mpsec::bench {
namespace {

using namespace ipsec;

enum class Order : std::uint8_t { ascending, shuffled };  // shuffled within 64 numbers

// The numbers of a stream that never ends: a batch at a time.
class Stream {
 public:
  explicit Stream(Order order) : order_(order) { std::iota(offsets_.begin(), offsets_.end(), 1); }

  std::span<const std::uint32_t> next(std::size_t count) {
    if (at_ + count > offsets_.size()) {
      base_ += static_cast<std::uint32_t>(offsets_.size()), at_ = 0;
      for (std::size_t i = offsets_.size(); order_ == Order::shuffled && i > 1; --i)
        std::swap(offsets_[i - 1], offsets_[rng_.below(i)]);
    }
    for (std::size_t i = 0; i < count; ++i)
      numbers_[i] = base_ + offsets_[at_ + i];
    at_ += count;
    return std::span(numbers_).first(count);
  }

 private:
  Order order_;
  std::uint32_t base_ = 0;
  std::size_t at_ = 0;
  std::array<std::uint32_t, 64> offsets_;
  std::array<std::uint32_t, 64> numbers_{};
  SeededRng rng_{1};
};

void check_and_accept(benchmark::State& state, std::uint32_t size, std::size_t batch, Order order) {
  const std::unique_ptr<AntiReplay> window = std::make_unique<ReplayWindow>(size, true);
  Stream stream(order);
  constexpr std::size_t packets = 64;
  std::array<AntiReplay::Hint, packets> hints;
  std::array<std::uint64_t, packets> numbers;
  std::array<ReplayVerdict, packets> verdicts;
  std::uint64_t refused = 0;
  Samples samples;
  for (auto _ : state) {
    const auto on_wire = stream.next(packets);
    samples.take([&] {
      for (std::size_t i = 0; i < packets; i += batch) {
        window->check(on_wire.subspan(i, batch), std::span(hints).first(batch));
        for (std::size_t j = 0; j < batch; ++j)
          numbers[j] = hints[j].number;
        window->accept(std::span(numbers).first(batch), std::span(verdicts).first(batch));
        for (std::size_t j = 0; j < batch; ++j)
          refused += verdicts[j] != ReplayVerdict::fresh;
      }
    });
  }
  if (refused != 0) state.SkipWithError("a fresh number was refused");
  state.counters["ns"] = samples.quartile() / packets / cycles_per_second() * 1e9;
}

const bool entered = [] {
  for (const std::uint32_t size : {64u, 1024u, 1u << 20})
    for (const std::size_t batch : {1u, 32u})
      for (const Order order : {Order::ascending, Order::shuffled}) {
        const auto name = fmt::format("window/{}/batch:{}/{}", size, batch,
                                      order == Order::ascending ? "in_order" : "shuffled");
        benchmark::RegisterBenchmark(
            name.c_str(), [=](benchmark::State& state) { check_and_accept(state, size, batch, order); });
      }
  return true;
}();

}  // namespace
}  // namespace mpsec::bench
