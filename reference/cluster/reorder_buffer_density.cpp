#include "cluster/reorder_buffer_density.hpp"

namespace mpsec::cluster {

void ReorderBufferDensity::out_of_order(std::uint64_t number) {
  //= rfc5236/6/below-the-expected-or-held-already-is-a-duplicate
  if (number < expected_ || buffer_.contains(number)) {
    ++ignored_;
    return;
  }
  buffer_.insert(number);
  //= rfc5236/6/lost-when-the-buffer-is-full
  if (number != expected_ && buffer_.size() > threshold_) expected_ = *buffer_.next_from(expected_);
  release();
  occupancy_.add(buffer_.size());
}

// Releases the held packets that are next in order.
void ReorderBufferDensity::release() {
  while (buffer_.contains(expected_)) {
    buffer_.erase(expected_);
    step_over_expected();
  }
}

}  // namespace mpsec::cluster
