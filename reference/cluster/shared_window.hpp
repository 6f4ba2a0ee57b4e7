// One anti-replay window for all sub-SAs of a cluster, for any number of writers and without a lock.
#pragma once

#include <atomic>
#include <cstdint>

#include "cluster/basic_shared_window.hpp"
#include "ipsec/anti_replay.hpp"

namespace mpsec::cluster {

struct MachineAtomics {
  class Word {
   public:
    std::uint64_t load() const noexcept { return value_.load(); }
    bool compare_exchange(std::uint64_t& expected, std::uint64_t desired) noexcept {
      return value_.compare_exchange_strong(expected, desired);
    }
    std::uint64_t fetch_add(std::uint64_t number) noexcept { return value_.fetch_add(number); }
    // Asks for the cache line as its only holder, and does not wait.
    void will_be_written() const noexcept {
#if defined(__x86_64__)
      asm volatile("prefetchw %0" : : "m"(value_));
#else
      __builtin_prefetch(&value_, 1);
#endif
    }

   private:
    std::atomic<std::uint64_t> value_{0};
  };
  using Counter = Word;
};

// Verdicts are those of ipsec::ReplayWindow; basic_shared_window.hpp says how. It differs in three things:
//  - check() takes for late, not for numbers of the next 2^32, what is up to `history` below the top;
//  - check() says "fresh" of a few numbers below the window, for the sake of report();
//  - resynchronise() never goes back.
class SharedWindow final : public ipsec::AntiReplay {
 public:
  // `size` as ipsec::ReplayWindow::check_size allows. Numbers below the window are remembered up to `history`
  // below the top, so that report() can say whether the window is too small; 0: four windows.
  // Memory: a quarter octet for each number of the history, rounded up to a power of two.
  SharedWindow(std::uint32_t size, bool extended, std::uint32_t history = 0)
      : window_(size, extended, history == 0 ? 4 * size : history) {}

  void check(std::span<const std::uint32_t> on_wire, std::span<Hint> hints) const noexcept override;
  void accept(std::span<const std::uint64_t> numbers,
              std::span<ipsec::ReplayVerdict> verdicts) noexcept override;
  std::uint64_t top() const noexcept override { return window_.top(); }
  void resynchronise(std::uint64_t number) noexcept override;

  WindowReport report() const noexcept { return window_.report(); }
  std::uint32_t size() const noexcept { return window_.size(); }
  std::size_t memory_octets() const noexcept { return window_.memory_octets(); }

 private:
  BasicSharedWindow<MachineAtomics> window_;
};

}  // namespace mpsec::cluster
