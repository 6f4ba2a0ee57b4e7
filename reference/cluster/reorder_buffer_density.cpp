#include "cluster/reorder_buffer_density.hpp"

#include <utility>

namespace mpsec::cluster {

void ReorderBufferDensity::out_of_order(std::uint64_t number) {
  if (!std::exchange(started_, true)) expected_ = number;
  //= rfc5236/6/below-the-expected-or-held-already-is-a-duplicate
  if (number < expected_ || buffer_.contains(number)) {
    ++ignored_;
    return;
  }
  buffer_.advance(expected_);
  buffer_.insert(number);
  //= rfc5236/6/lost-when-the-buffer-is-full
  if (number != expected_ && buffer_.size() > threshold_) expected_ = *buffer_.next_from(expected_);
  release();
  held_ = buffer_.size();
  occupancy_.add(held_);
}

// Releases the held packets that are next in order.
void ReorderBufferDensity::release() {
  while (buffer_.contains(expected_)) {
    buffer_.erase(expected_);
    if (expected_ != UINT64_MAX) ++expected_;
  }
  buffer_.advance(expected_);
}

ReorderBufferDensity ReorderBufferDensity::finished() const {
  ReorderBufferDensity whole = *this;
  whole.occupancy_.add_zeros(std::exchange(whole.in_order_, 0));
  return whole;
}

}  // namespace mpsec::cluster
