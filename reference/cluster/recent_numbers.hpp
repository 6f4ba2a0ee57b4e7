// Which of the numbers around the next expected one are accounted for, in a ring of bits of fixed size.
#pragma once

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace mpsec::cluster {

// Remembers `span` numbers below the next expected number and `span` from it on: so that what comes late can
// be told from a copy. Memory: half an octet for a number of the span.
class RecentNumbers {
 public:
  static constexpr std::uint32_t smallest = 128;

  // `span` is a power of two, at least `smallest`. Nothing is accounted for.
  explicit RecentNumbers(std::uint32_t span) : span_words_(span / 64), words_(std::size_t{4} * span_words_) {}

  // `number` is at most `span` below the next expected number, or less than `span` above it.
  bool has(std::uint64_t number) const noexcept { return (word(number / 64) >> (number % 64) & 1) != 0; }
  void insert(std::uint64_t number) noexcept { word(number / 64) |= std::uint64_t{1} << (number % 64); }

  // The next expected number moves from `from` up to `to`.
  void advance(std::uint64_t from, std::uint64_t to) noexcept {
    if (from / 64 != to / 64) [[unlikely]]
      forget(from / 64, to / 64);
  }

  // The first number from `begin` on that is accounted for; `end` if there is none below it.
  std::uint64_t first_from(std::uint64_t begin, std::uint64_t end) const noexcept {
    while (begin < end) {
      const std::uint64_t rest = word(begin / 64) >> (begin % 64);
      if (rest != 0) return std::min(begin + static_cast<std::uint64_t>(std::countr_zero(rest)), end);
      begin = (begin / 64 + 1) * 64;
    }
    return end;
  }

  // The first number from `begin` on that is not accounted for; `end` if there is none below it.
  std::uint64_t first_missing_from(std::uint64_t begin, std::uint64_t end) const noexcept {
    while (begin < end) {
      const std::uint64_t rest = ~word(begin / 64) >> (begin % 64);
      if (rest != 0) return std::min(begin + static_cast<std::uint64_t>(std::countr_zero(rest)), end);
      begin = (begin / 64 + 1) * 64;
    }
    return end;
  }

  std::size_t memory_octets() const { return words_.capacity() * sizeof(std::uint64_t); }

 private:
  std::uint64_t& word(std::uint64_t index) noexcept { return words_[index & (words_.size() - 1)]; }
  const std::uint64_t& word(std::uint64_t index) const noexcept {
    return words_[index & (words_.size() - 1)];
  }

  // The ring has the words of two spans behind the next number and of two before it: what enters is cleared
  // two spans ahead, which is long before it can be asked for.
  void forget(std::uint64_t from, std::uint64_t to) noexcept {
    const std::uint64_t most = words_.size();
    for (std::uint64_t index = to - from < most ? from + 1 : to - most + 1; index <= to; ++index)
      word(index + 2 * span_words_) = 0;
  }

  std::uint64_t span_words_;
  std::vector<std::uint64_t> words_;
};

}  // namespace mpsec::cluster
