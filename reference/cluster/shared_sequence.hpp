// One counter for all sub-SAs of a cluster: every number goes to one of them, whichever thread asks.
#pragma once

#include <algorithm>
#include <atomic>
#include <cstdint>

#include "ipsec/sequence_source.hpp"

namespace mpsec::cluster {

// take() is one atomic addition, and nothing is looked at before it: a look would cost a second transfer of
// the cache line. So whoever comes after the end has added to the counter all the same. `reserve` numbers at
// the end of 64 bits are never given out, so that such additions cannot wrap it: room for 65,536 threads that
// take 2^32 numbers each at one moment.
class SharedSequence final : public ipsec::SequenceSource {
 public:
  static constexpr std::uint64_t reserve = std::uint64_t{1} << 48;
  // The last number that is given out; with ESN so much before the end, which an end may do.
  //= profile/4/ends-before-2-to-32-without-esn
  static constexpr std::uint64_t limit(bool extended) noexcept {
    return extended ? ~reserve + 1 : 0xffffffffu;
  }

  // Starts behind `last_used`: the first number of a fresh cluster is 1.
  explicit SharedSequence(bool extended, std::uint64_t last_used = 0) noexcept
      : limit_(limit(extended)), last_(std::min(last_used, limit_)) {}

  //= rfc4303/3.3.3/first-number-is-one
  //= rfc4303/3.3.3/counter-must-not-cycle-with-anti-replay
  //= profile/4/numbers-are-unique
  //= draft-zhang/3.1/numbers-are-unique
  //= profile/4/first-number-is-one
  //= profile/4/in-steps-of-one
  //= profile/4/never-cycles
  //= profile/4/ends-before-2-to-32-without-esn
  Range take(std::uint32_t wanted) noexcept override {
    const std::uint64_t last = last_.fetch_add(wanted, std::memory_order_relaxed);
    if (last >= limit_) {  // put the counter back to the end; who adds to it meanwhile gets nothing either
      last_.store(limit_, std::memory_order_relaxed);
      return {};
    }
    return {last + 1, static_cast<std::uint32_t>(std::min<std::uint64_t>(wanted, limit_ - last))};
  }
  std::uint64_t left() const noexcept override { return limit_ - last_used(); }
  // The highest number given out so far.
  std::uint64_t last_used() const noexcept { return std::min(last_.load(std::memory_order_relaxed), limit_); }

 private:
  // What is read by all and what is written by all lie apart.
  alignas(64) std::uint64_t limit_;
  alignas(64) std::atomic<std::uint64_t> last_;
};

}  // namespace mpsec::cluster
