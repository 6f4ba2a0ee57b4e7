// Marks on the positions of a GrowingRing, with the nearest marked neighbours found fast.
#pragma once

#include <bit>
#include <cstdint>
#include <optional>

#include "cluster/growing_ring.hpp"

namespace mpsec::cluster {

// A bit a position, from the first not forgotten to the last marked; searches look at 64 positions at a time.
class PositionMarks {
 public:
  std::size_t memory_octets() const { return words_.memory_octets(); }
  void mark(std::uint64_t position) {
    while (words_.end() <= position / 64)
      words_.push_back(0);
    words_[position / 64] |= std::uint64_t{1} << (position % 64);
  }
  bool marked(std::uint64_t position) const {
    return position / 64 < words_.end() && (words_[position / 64] >> (position % 64) & 1) != 0;
  }
  // Positions below `position` are not asked about any more, and count as not marked.
  void forget_before(std::uint64_t position) {
    while (!words_.empty() && words_.begin() < position / 64)
      words_.pop_front();
    if (words_.empty()) return words_.restart_at(position / 64);
    if (words_.begin() == position / 64) words_.front() &= ~std::uint64_t{0} << (position % 64);
  }

  std::optional<std::uint64_t> after(std::uint64_t position) const {
    const std::uint64_t from = position + 1;
    for (std::uint64_t word = from / 64; word < words_.end(); ++word) {
      const std::uint64_t bits =
          word == from / 64 ? words_[word] & ~std::uint64_t{0} << (from % 64) : words_[word];
      if (bits != 0) return word * 64 + static_cast<std::uint64_t>(std::countr_zero(bits));
    }
    return std::nullopt;
  }
  std::optional<std::uint64_t> before(std::uint64_t position) const {
    for (std::uint64_t word = position / 64 + 1; word-- > words_.begin();) {
      if (word >= words_.end()) continue;
      const std::uint64_t below = ~(~std::uint64_t{0} << (position % 64));
      const std::uint64_t bits = word == position / 64 ? words_[word] & below : words_[word];
      if (bits != 0) return word * 64 + 63 - static_cast<std::uint64_t>(std::countl_zero(bits));
    }
    return std::nullopt;
  }

 private:
  GrowingRing<std::uint64_t> words_;  // the word at ring position w holds positions 64 w .. 64 w + 63
};

}  // namespace mpsec::cluster
