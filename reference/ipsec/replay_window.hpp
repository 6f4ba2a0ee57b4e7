// A sliding window in the shape of RFC 6479: a ring of words that is never shifted, for one writer.
#pragma once

#include <cstddef>
#include <vector>

#include "base/error.hpp"
#include "ipsec/anti_replay.hpp"

namespace mpsec::ipsec {

// The full number behind 32 bits on the wire, seen from a window of `size` numbers whose highest is `top`
// (RFC 4303 A2.2). below_zero where the high half would be -1, or beyond 2^32-1.
AntiReplay::Hint infer_number(std::uint64_t top, std::uint32_t size, std::uint32_t on_wire) noexcept;

class ReplayWindow final : public AntiReplay {
 public:
  static constexpr std::uint32_t smallest = 32, largest = 1u << 20;

  // `size` numbers, smallest to largest (RFC 4303 3.4.3 asks for 32, prefers 64). Memory: size / 8 octets,
  // size rounded up to a power of two and to 64.
  ReplayWindow(std::uint32_t size, bool extended);
  // Fails naming the size and the range.
  static Result<> check_size(std::uint32_t size);

  void check(std::span<const std::uint32_t> on_wire, std::span<Hint> hints) const noexcept override;
  void accept(std::span<const std::uint64_t> numbers, std::span<ReplayVerdict> verdicts) noexcept override;
  ReplayVerdict accept(std::uint64_t number) noexcept;
  // What accept() would say of the full number; changes nothing.
  ReplayVerdict judge(std::uint64_t number) const noexcept;
  std::uint64_t top() const noexcept override { return top_; }
  void resynchronise(std::uint64_t number) noexcept override;

  std::uint32_t size() const noexcept { return size_; }
  std::size_t memory_octets() const noexcept {
    return sizeof *this + ring_.capacity() * sizeof(std::uint64_t);
  }

 private:
  Hint hint(std::uint32_t on_wire) const noexcept;
  void advance(std::uint64_t number) noexcept;

  std::uint64_t top_ = 0;
  std::uint32_t size_;
  bool extended_;
  std::uint64_t mask_;  // of ring positions: a number's bit is number & mask_
  std::vector<std::uint64_t>
      ring_;  // a bit for each number in (top - size, top]; others are zero or stale below
};

// For an SA without anti-replay: infers high halves all the same where numbers are extended, and accepts
// everything.
class UncheckedReplay final : public AntiReplay {
 public:
  explicit UncheckedReplay(bool extended) : extended_(extended) {}

  void check(std::span<const std::uint32_t> on_wire, std::span<Hint> hints) const noexcept override;
  void accept(std::span<const std::uint64_t> numbers, std::span<ReplayVerdict> verdicts) noexcept override;
  std::uint64_t top() const noexcept override { return top_; }
  void resynchronise(std::uint64_t number) noexcept override { top_ = number; }

 private:
  static constexpr std::uint32_t assumed_window = 1u << 20;  // how far back a late packet may belong
  std::uint64_t top_ = 0;
  bool extended_;
};

}  // namespace mpsec::ipsec
