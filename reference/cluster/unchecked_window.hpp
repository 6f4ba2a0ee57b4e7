// For a cluster without anti-replay: accepts everything, from any number of writers.
#pragma once

#include <atomic>

#include "ipsec/anti_replay.hpp"

namespace mpsec::cluster {

// The top is kept all the same: with ESN the high half of a number is inferred from it.
class UncheckedWindow final : public ipsec::AntiReplay {
 public:
  explicit UncheckedWindow(bool extended) : extended_(extended) {}

  void check(std::span<const std::uint32_t> on_wire, std::span<Hint> hints) const noexcept override;
  void accept(std::span<const std::uint64_t> numbers,
              std::span<ipsec::ReplayVerdict> verdicts) noexcept override;
  std::uint64_t top() const noexcept override { return top_.load(std::memory_order_relaxed); }
  // Up only: others may accept meanwhile.
  void resynchronise(std::uint64_t number) noexcept override;

 private:
  static constexpr std::uint32_t assumed_window = 1u << 20;  // how far back a late packet may belong
  std::atomic<std::uint64_t> top_{0};
  bool extended_;
};

}  // namespace mpsec::cluster
