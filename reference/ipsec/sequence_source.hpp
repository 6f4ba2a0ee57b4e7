// Where outbound sequence numbers come from (RFC 4303 2.2, 3.3.3; RFC 4302 2.5, 3.3.2).
#pragma once

#include <algorithm>
#include <cstdint>

namespace mpsec::ipsec {

// A seam: an SA has a source of its own, the sub-SAs of a cluster share one.
class SequenceSource {
 public:
  struct Range {
    std::uint64_t first = 0;
    std::uint32_t count = 0;
  };

  virtual ~SequenceSource() = default;
  // Up to `wanted` consecutive numbers that nobody else gets; fewer, at last none, where the source ends.
  virtual Range take(std::uint32_t wanted) noexcept = 0;
  // How many numbers are left.
  virtual std::uint64_t left() const noexcept = 0;
};

// What happens at the end of the number space.
enum class AtLimit : std::uint8_t { stop, roll_over };

// The counter of a single SA. Starts behind `last_used`: the first number of a fresh SA is 1.
//
// With roll_over the numbers go on from 0 after 2^32-1: lawful only where the receiver does no anti-replay
// and nothing else depends on the number (RFC 4303 3.3.3, RFC 8750 7); SaParameters::check sees to that.
class SequenceCounter final : public SequenceSource {
 public:
  explicit SequenceCounter(bool extended, AtLimit at_limit = AtLimit::stop, std::uint64_t last_used = 0)
      : last_(last_used),
        limit_(extended ? ~std::uint64_t{0} : 0xffffffffu),
        rolls_(at_limit == AtLimit::roll_over) {}

  //= rfc4303/3.3.3/first-number-is-one
  //= rfc4303/3.3.3/counter-must-not-cycle-with-anti-replay
  Range take(std::uint32_t wanted) noexcept override {
    if (rolls_ && last_ == limit_) return {last_ = 0, wanted > 0 ? 1u : 0u};
    const auto count = static_cast<std::uint32_t>(std::min<std::uint64_t>(wanted, limit_ - last_));
    const Range range{last_ + 1, count};
    last_ += count;
    return range;
  }
  std::uint64_t left() const noexcept override { return rolls_ ? ~std::uint64_t{0} : limit_ - last_; }
  std::uint64_t last_used() const noexcept { return last_; }

 private:
  std::uint64_t last_;
  std::uint64_t limit_;
  bool rolls_;
};

}  // namespace mpsec::ipsec
