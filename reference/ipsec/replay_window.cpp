#include "ipsec/replay_window.hpp"

#include <algorithm>
#include <bit>
#include <fmt/format.h>

namespace mpsec::ipsec {

AntiReplay::Hint infer_number(std::uint64_t top, std::uint32_t size, std::uint32_t on_wire) noexcept {
  const auto top_low = static_cast<std::uint32_t>(top);
  const auto top_high = static_cast<std::uint32_t>(top >> 32);
  const std::uint32_t bottom = top_low - size + 1;  // modulo 2^32
  std::int64_t high = top_high;
  //= rfc4303/A2.2/high-half-by-position-of-the-window
  if (top_low >= size - 1) {  // Case A: the window lies within one subspace
    if (on_wire < bottom) high += 1;
  } else if (on_wire >= bottom) {  // Case B: it spans two
    high -= 1;
  }
  if (high < 0 || high > 0xffffffff) return {on_wire, ReplayVerdict::below_zero};
  return {static_cast<std::uint64_t>(high) << 32 | on_wire, ReplayVerdict::fresh};
}

ReplayWindow::ReplayWindow(std::uint32_t size, bool extended)
    : size_(size),
      extended_(extended),
      mask_(std::max<std::uint64_t>(std::bit_ceil(size), 64) - 1),
      ring_((mask_ + 1) / 64) {}

Result<> ReplayWindow::check_size(std::uint32_t size) {
  if (size >= smallest && size <= largest) return {};
  return std::unexpected(
      Error{.blame = Blame::local_fault,
            .path = "anti-replay window",
            .offset = std::nullopt,
            .why = fmt::format("expected a size from {} to {}, found {}", smallest, largest, size),
            .clause = "RFC 4303 3.4.3"});
}

void ReplayWindow::check(std::span<const std::uint32_t> on_wire, std::span<Hint> hints) const noexcept {
  for (std::size_t i = 0; i < on_wire.size(); ++i)
    hints[i] = hint(on_wire[i]);
}

AntiReplay::Hint ReplayWindow::hint(std::uint32_t on_wire) const noexcept {
  Hint result = extended_ ? infer_number(top_, size_, on_wire) : Hint{on_wire, ReplayVerdict::fresh};
  if (result.verdict == ReplayVerdict::fresh) result.verdict = judge(result.number);
  return result;
}

ReplayVerdict ReplayWindow::judge(std::uint64_t number) const noexcept {
  if (number > top_) return ReplayVerdict::fresh;
  //= rfc4303/3.4.3/below-the-window-is-discarded
  if (top_ - number >= size_ || number == 0) return ReplayVerdict::too_old;
  const bool seen = (ring_[(number & mask_) >> 6] >> (number & 63) & 1) != 0;
  return seen ? ReplayVerdict::duplicate : ReplayVerdict::fresh;
}

void ReplayWindow::accept(std::span<const std::uint64_t> numbers,
                          std::span<ReplayVerdict> verdicts) noexcept {
  for (std::size_t i = 0; i < numbers.size(); ++i)
    verdicts[i] = accept(numbers[i]);
}

//= rfc4303/3.4.3/window-updated-only-after-icv
ReplayVerdict ReplayWindow::accept(std::uint64_t number) noexcept {
  if (number - 1 == top_ && number != 0) {  // in order, as most packets come
    top_ = number;
  } else {
    const ReplayVerdict verdict = judge(number);
    if (verdict != ReplayVerdict::fresh) return verdict;
    if (number > top_) advance(number);
  }
  ring_[(number & mask_) >> 6] |= std::uint64_t{1} << (number & 63);
  return ReplayVerdict::fresh;
}

// Makes `number` the highest: the numbers skipped get clear bits, since the ring still holds their
// predecessors'. Its own bit the caller sets.
void ReplayWindow::advance(std::uint64_t number) noexcept {
  const std::uint64_t skipped = number - top_ - 1;
  if (skipped >= mask_) {
    std::ranges::fill(ring_, 0);
  } else {
    for (std::uint64_t next = top_ + 1, left = skipped; left > 0;) {
      const std::uint64_t in_word = next & 63, count = std::min(64 - in_word, left);
      const std::uint64_t bits =
          count == 64 ? ~std::uint64_t{0} : ((std::uint64_t{1} << count) - 1) << in_word;
      ring_[(next & mask_) >> 6] &= ~bits;
      next += count, left -= count;
    }
  }
  top_ = number;
}

void ReplayWindow::resynchronise(std::uint64_t number) noexcept {
  top_ = number;
  std::ranges::fill(ring_, ~std::uint64_t{0});
}

void UncheckedReplay::check(std::span<const std::uint32_t> on_wire, std::span<Hint> hints) const noexcept {
  for (std::size_t i = 0; i < on_wire.size(); ++i)
    hints[i] =
        extended_ ? infer_number(top_, assumed_window, on_wire[i]) : Hint{on_wire[i], ReplayVerdict::fresh};
}

void UncheckedReplay::accept(std::span<const std::uint64_t> numbers,
                             std::span<ReplayVerdict> verdicts) noexcept {
  for (std::size_t i = 0; i < numbers.size(); ++i) {
    top_ = std::max(top_, numbers[i]);
    verdicts[i] = ReplayVerdict::fresh;
  }
}

}  // namespace mpsec::ipsec
