// Which of the sequence numbers just below the highest have come, and how many octets the late ones brought.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace mpsec::cluster {

// Remembers the numbers top() - bound() .. top() and the one below them. Memory grows with the span of
// numbers really seen, up to one bit a number, and four octets a number once a packet came late.
class ReceivedWindow {
 public:
  explicit ReceivedWindow(std::uint64_t bound) : bound_(bound) {}

  std::uint64_t bound() const { return bound_; }
  std::uint64_t top() const { return top_; }
  // The lowest number still told apart from a duplicate: top() - bound(), or 0.
  std::uint64_t floor() const { return top_ < bound_ ? 0 : top_ - bound_; }

  std::size_t memory_octets() const {
    return (words_.capacity() + late_blocks_.capacity()) * sizeof(std::uint64_t) +
           late_octets_.capacity() * sizeof(std::uint32_t);
  }

  // Nothing has come; the number expected first is `number`. top() is the one below it, if need be 2^64 - 1.
  void start_before(std::uint64_t number);
  // A number above top() has come, those between have not. The usual next number costs one bit.
  void advance(std::uint64_t number) {
    if (number - top_ != 1 || number > room_until_) return advance_far(number);
    top_ = number;
    head_ = head_ + 1 == capacity_ ? 0 : head_ + 1;
    words_[head_ / 64] |= std::uint64_t{1} << (head_ % 64);
    if (!late_octets_.empty()) forget_late_octets(head_, head_ + 1);
  }
  // A number in floor() .. top() - 1 that had not come, with the octets it brought.
  void fill(std::uint64_t number, std::uint32_t octets);

  // True if `number`, at least floor() - 1 and at most top(), has come.
  bool has(std::uint64_t number) const {
    if (number < first_) return false;
    const std::size_t at = place(number);
    return (words_[at / 64] >> (at % 64) & 1) != 0;
  }
  // The octets of all late packets remembered with a number above `number` (floor() <= number <= top()).
  std::uint64_t late_octets_above(std::uint64_t number) const;

 private:
  std::size_t place(std::uint64_t number) const {
    const auto lateness = static_cast<std::size_t>(top_ - number);
    return head_ >= lateness ? head_ - lateness : head_ + capacity_ - lateness;
  }
  void advance_far(std::uint64_t number);
  void make_room(std::uint64_t span);
  void grow_to(std::size_t capacity);
  void straighten(std::size_t capacity);
  void clear(std::size_t begin, std::size_t end);
  void forget_late_octets(std::size_t begin, std::size_t end);
  std::uint64_t late_octets_in(std::size_t begin, std::size_t end) const;

  std::uint64_t bound_;
  std::uint64_t top_ = 0;
  std::uint64_t first_ = 0;       // no number below it has come
  std::uint64_t room_until_ = 0;  // top_ may rise so far before a number that came falls out of the ring
  std::size_t head_ = 0;          // where top_ stands in the ring
  std::size_t capacity_ = 0;
  std::vector<std::uint64_t> words_;        // one bit a number: it has come
  std::vector<std::uint32_t> late_octets_;  // beside it: the octets, of late packets only
  std::vector<std::uint64_t> late_blocks_;  // their sums, by blocks of block_size
};

}  // namespace mpsec::cluster
