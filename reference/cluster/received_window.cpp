#include "cluster/received_window.hpp"

#include <algorithm>
#include <cassert>
#include <limits>
#include <numeric>
#include <utility>

namespace mpsec::cluster {
namespace {

constexpr std::size_t block_size = 256;
constexpr std::size_t initial_capacity = 256;

}  // namespace

void ReceivedWindow::start_before(std::uint64_t number) {
  first_ = number;
  top_ = number - 1;
  make_room(1);
  head_ = capacity_ - 1;  // so that `number` is first in the ring
}

void ReceivedWindow::advance_far(std::uint64_t number) {
  const std::uint64_t step = number - top_;
  if (number > room_until_) make_room(number - first_ + 1);
  if (step >= capacity_) {
    clear(0, capacity_);
    head_ = 0;
  } else {
    const std::size_t end = head_ + 1 + static_cast<std::size_t>(step);
    clear(head_ + 1, std::min(end, capacity_));
    if (end > capacity_) clear(0, end - capacity_);
    head_ = (end - 1) % capacity_;
  }
  top_ = number;
  words_[head_ / 64] |= std::uint64_t{1} << (head_ % 64);
}

void ReceivedWindow::fill(std::uint64_t number, std::uint32_t octets) {
  assert(number >= floor() && number < top_ && !has(number));
  if (number < first_) {
    first_ = number;
    make_room(top_ - number + 1);
  }
  if (late_octets_.empty()) {
    late_octets_.resize(capacity_);
    late_blocks_.resize(capacity_ / block_size + 1);
  }
  const std::size_t at = place(number);
  words_[at / 64] |= std::uint64_t{1} << (at % 64);
  late_octets_[at] = octets;
  late_blocks_[at / block_size] += octets;
}

std::uint64_t ReceivedWindow::late_octets_above(std::uint64_t number) const {
  if (late_octets_.empty() || number >= top_) return 0;
  if (number < first_) return late_octets_in(0, capacity_);
  const std::size_t begin = place(number) + 1;
  if (begin <= head_ + 1) return late_octets_in(begin, head_ + 1);
  return late_octets_in(begin, capacity_) + late_octets_in(0, head_ + 1);
}

// Doubles the ring until it holds `span` numbers or all that the bound asks for.
void ReceivedWindow::make_room(std::uint64_t span) {
  // Beside the bound's own numbers: top_ itself, and the one below floor() for has().
  const std::uint64_t largest = bound_ + 2;
  std::uint64_t wanted =
      std::max<std::uint64_t>(capacity_, std::min<std::uint64_t>(initial_capacity, largest));
  while (wanted < span && wanted < largest)
    wanted = std::min(wanted * 2, largest);
  if (wanted > capacity_) grow_to(static_cast<std::size_t>(wanted));
  const std::uint64_t unlimited = std::numeric_limits<std::uint64_t>::max();
  room_until_ = capacity_ == largest || first_ > unlimited - capacity_ ? unlimited : first_ + capacity_ - 1;
}

void ReceivedWindow::grow_to(std::size_t capacity) {
  // As long as the ring has not come round, all that came stands in one piece and may stay where it is.
  if (top_ - first_ <= head_ && capacity_ != 0) {
    words_.resize((capacity + 63) / 64);
    if (!late_octets_.empty()) late_octets_.resize(capacity);
  } else {
    straighten(capacity);
  }
  late_blocks_.assign(late_octets_.empty() ? 0 : capacity / block_size + 1, 0);
  for (std::size_t i = 0; i < late_octets_.size(); ++i)
    late_blocks_[i / block_size] += late_octets_[i];
  capacity_ = capacity;
}

// What is remembered moves to the lower end, top_ last, so that the new places are numbers that have not
// come.
void ReceivedWindow::straighten(std::size_t capacity) {
  std::vector<std::uint64_t> words((capacity + 63) / 64);
  std::vector<std::uint32_t> late(late_octets_.empty() ? 0 : capacity);
  for (std::size_t i = 0; i < capacity_; ++i) {
    const std::size_t from = (head_ + 1 + i) % capacity_;
    words[i / 64] |= (words_[from / 64] >> (from % 64) & 1) << (i % 64);
    if (!late.empty()) late[i] = late_octets_[from];
  }
  words_ = std::move(words);
  late_octets_ = std::move(late);
  head_ = capacity_ == 0 ? 0 : capacity_ - 1;
}

void ReceivedWindow::clear(std::size_t begin, std::size_t end) {
  if (!late_octets_.empty()) forget_late_octets(begin, end);
  for (; begin < end && begin % 64 != 0; ++begin)
    words_[begin / 64] &= ~(std::uint64_t{1} << (begin % 64));
  for (; begin + 64 <= end; begin += 64)
    words_[begin / 64] = 0;
  for (; begin < end; ++begin)
    words_[begin / 64] &= ~(std::uint64_t{1} << (begin % 64));
}

void ReceivedWindow::forget_late_octets(std::size_t begin, std::size_t end) {
  while (begin < end) {
    std::uint64_t& block = late_blocks_[begin / block_size];
    const std::size_t block_end = std::min(end, (begin / block_size + 1) * block_size);
    for (; block != 0 && begin < block_end; ++begin)
      block -= std::exchange(late_octets_[begin], 0);
    begin = block_end;
  }
}

std::uint64_t ReceivedWindow::late_octets_in(std::size_t begin, std::size_t end) const {
  const auto sum = [this](std::size_t from, std::size_t to) {
    return std::accumulate(late_octets_.begin() + static_cast<std::ptrdiff_t>(from),
                           late_octets_.begin() + static_cast<std::ptrdiff_t>(to), std::uint64_t{0});
  };
  const std::size_t first_block = (begin + block_size - 1) / block_size;
  const std::size_t last_block = end / block_size;
  if (first_block >= last_block) return sum(begin, end);
  std::uint64_t total = sum(begin, first_block * block_size) + sum(last_block * block_size, end);
  for (std::size_t block = first_block; block < last_block; ++block)
    total += late_blocks_[block];
  return total;
}

}  // namespace mpsec::cluster
