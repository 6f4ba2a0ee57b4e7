#include "cluster/ahead_set.hpp"

#include <algorithm>
#include <bit>

namespace mpsec::cluster {
namespace {

constexpr std::size_t bits = 64;
constexpr std::size_t initial_words = 8;

}  // namespace

AheadSet::AheadSet(std::uint64_t span)
    : largest_words_(std::max(initial_words, std::bit_ceil(static_cast<std::size_t>(span / bits) + 2))) {}

std::optional<std::uint64_t> AheadSet::next_from(std::uint64_t number) const {
  std::uint64_t at = std::max(number, base_);
  while (near_ != 0 && at - base_ < capacity_) {
    const std::uint64_t members = words_[word(at)] >> (at % bits);
    if (members != 0) return at + static_cast<std::uint64_t>(std::countr_zero(members));
    const std::uint64_t next = (at / bits + 1) * bits;
    if (next < at) break;  // past 2^64
    at = next;
  }
  const auto found = far_.lower_bound(number);
  if (found == far_.end()) return std::nullopt;
  return *found;
}

void AheadSet::clear() {
  std::ranges::fill(words_, 0);
  near_ = 0;
  far_.clear();
}

void AheadSet::insert_far(std::uint64_t number) {
  if (number < base_) lower_base(number);
  const std::uint64_t words_needed = (number - base_) / bits + 2;
  if (words_needed <= largest_words_ && words_needed > words_.size())
    grow_to(std::max(initial_words, std::bit_ceil(static_cast<std::size_t>(words_needed))));
  far_.insert(number);
  bring_near();
}

void AheadSet::lower_base(std::uint64_t base) {
  for (std::uint64_t at = base_; near_ != 0; ++at) {
    if (!contains(at)) continue;
    erase(at);
    far_.insert(at);
  }
  base_ = base;
}

void AheadSet::grow_to(std::size_t words) {
  std::vector<std::uint64_t> larger(words);
  for (std::size_t i = 0; i < words_.size(); ++i) {
    const auto at = static_cast<std::size_t>(base_ / bits) + i;
    larger[at & (larger.size() - 1)] = words_[at & (words_.size() - 1)];
  }
  words_ = std::move(larger);
  capacity_ = (words - 1) * bits;
}

void AheadSet::bring_near() {
  while (!far_.empty() && *far_.begin() - base_ < capacity_) {
    const std::uint64_t number = *far_.begin();
    far_.erase(far_.begin());
    words_[word(number)] |= std::uint64_t{1} << (number % bits);
    ++near_;
  }
}

}  // namespace mpsec::cluster
