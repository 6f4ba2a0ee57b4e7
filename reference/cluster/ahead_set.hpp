// A set of sequence numbers at and above a base that only rises: what came ahead of its turn.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <set>
#include <vector>

namespace mpsec::cluster {

// Members within `span` of the base stand in a bitmap ring, grown as needed; rare ones farther ahead in an
// ordered set until the base comes near.
class AheadSet {
 public:
  explicit AheadSet(std::uint64_t span);

  bool contains(std::uint64_t number) const {
    const std::uint64_t distance = number - base_;
    if (distance < capacity_) return (words_[word(number)] >> (number % 64) & 1) != 0;
    return !far_.empty() && far_.contains(number);
  }
  // `number` must not be a member. Below the base it becomes the new base.
  void insert(std::uint64_t number) {
    const std::uint64_t distance = number - base_;
    if (distance >= capacity_ || number < base_) return insert_far(number);
    words_[word(number)] |= std::uint64_t{1} << (number % 64);
    ++near_;
  }
  // No effect unless `number` is a member.
  void erase(std::uint64_t number) {
    if (number - base_ >= capacity_) {
      far_.erase(number);
      return;
    }
    std::uint64_t& bits = words_[word(number)];
    const std::uint64_t bit = std::uint64_t{1} << (number % 64);
    near_ -= (bits & bit) != 0 ? 1 : 0;
    bits &= ~bit;
  }
  // No member may be below `base`, and `base` not below the present base.
  void advance(std::uint64_t base) {
    base_ = base;
    if (!far_.empty()) bring_near();
  }
  // No member any more; the base stays.
  void clear();
  // The smallest member at or above `number`.
  std::optional<std::uint64_t> next_from(std::uint64_t number) const;

  std::size_t size() const { return near_ + far_.size(); }
  std::size_t memory_octets() const {
    constexpr std::size_t node = sizeof(std::uint64_t) + 4 * sizeof(void*);
    return words_.capacity() * sizeof(std::uint64_t) + far_.size() * node;
  }

 private:
  std::size_t word(std::uint64_t number) const {
    return static_cast<std::size_t>(number / 64 & (words_.size() - 1));
  }
  void insert_far(std::uint64_t number);
  void lower_base(std::uint64_t base);
  void grow_to(std::size_t words);
  void bring_near();

  std::size_t largest_words_;
  std::size_t capacity_ = 0;  // the ring holds base_ .. base_ + capacity_ - 1: a word less than it has bits
                              // for, so that no word ever holds numbers a whole turn apart
  std::uint64_t base_ = 0;
  std::size_t near_ = 0;
  std::vector<std::uint64_t> words_;
  std::set<std::uint64_t> far_;
};

}  // namespace mpsec::cluster
