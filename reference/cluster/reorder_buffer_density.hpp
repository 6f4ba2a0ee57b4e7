// Reorder Buffer-occupancy Density (RBD), RFC 5236: how many packets a receiver must hold to restore order.
#pragma once

#include <cstdint>

#include "cluster/ahead_set.hpp"
#include "cluster/histogram.hpp"

namespace mpsec::cluster {

// The algorithm of RFC 5236 7.2. One deviation: when the buffer is full and giving up the expected number
// does not yet release the packet that came, that packet is held like any other early one (3.8 counts
// it), where 7.2 as printed loses it. Memory O(BT), amortised O(1) an arrival.
class ReorderBufferDensity {
 public:
  // `threshold` is BT, the most packets held. `first` is the number the stream began with, if known; else the
  // first arrival counts as expected.
  explicit ReorderBufferDensity(std::uint64_t threshold, std::uint64_t first = 0)
      : threshold_(threshold),
        expected_(first),
        started_(first != 0),
        buffer_(2 * threshold + 2),
        occupancy_(threshold) {
    buffer_.advance(first);
  }

  void arrival(std::uint64_t number) {
    if (number == expected_ && held_ == 0 && started_) {  // the usual case of 7.2 b
      if (expected_ != UINT64_MAX) ++expected_;
      ++in_order_;
      return;
    }
    out_of_order(number);
  }
  // The same with all arrivals in its histogram.
  ReorderBufferDensity finished() const;

  std::uint64_t threshold() const { return threshold_; }
  std::size_t memory_octets() const { return buffer_.memory_octets() + occupancy_.memory_octets(); }
  // Of what finished() gives. FB[b] (3.10); total() is N'.
  const CountHistogram& occupancy() const { return occupancy_; }
  std::uint64_t ignored() const { return ignored_; }  // copies and excessively late packets
  double density(std::uint64_t held) const {          // RBD[b] = FB[b] / N' (3.11)
    return occupancy_.total() == 0
               ? 0.0
               : static_cast<double>(occupancy_.count(held)) / static_cast<double>(occupancy_.total());
  }

 private:
  void out_of_order(std::uint64_t number);
  void release();

  std::uint64_t threshold_;
  std::uint64_t expected_;
  bool started_;
  std::uint64_t held_ = 0;      // buffer_.size()
  std::uint64_t in_order_ = 0;  // arrivals after which nothing was held that occupancy_ does not know of yet
  AheadSet buffer_;             // its base lags behind while nothing is held
  CountHistogram occupancy_;
  std::uint64_t ignored_ = 0;
};

}  // namespace mpsec::cluster
