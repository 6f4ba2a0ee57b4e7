// Reorder Density (RD), RFC 5236: how far packets stand from where they should, early and late.
#pragma once

#include <cstdint>

#include "cluster/ahead_set.hpp"
#include "cluster/growing_ring.hpp"
#include "cluster/histogram.hpp"

namespace mpsec::cluster {

// The stay-back algorithm of RFC 5236 7.1: the displacement of a packet is known DT + 1 unique arrivals
// later, when it is certain which numbers are lost. Memory O(DT), amortised O(1) an arrival.
class ReorderDensity {
 public:
  // `threshold` is DT: a packet displaced farther does not count. `first` is the number the stream began
  // with, or 0 where it is not known: then the smallest of the first DT + 1 arrivals.
  explicit ReorderDensity(std::uint64_t threshold, std::uint64_t first = 0);

  void arrival(std::uint64_t number) {
    if (!tidy_ || number != tidy_next_ || window_size_ == 0) return untidy_arrival(number);
    ++tidy_next_;
    if (window_size_ == threshold_) {
      ++in_place_;
      receive_index_ = tidy_next_ - window_size_;
    } else {
      ++window_size_;
    }
  }
  // What would be known if the stream ended here.
  ReorderDensity finished() const;

  std::uint64_t threshold() const { return threshold_; }
  std::size_t memory_octets() const {
    return window_.memory_octets() + present_.memory_octets() + early_.memory_octets() +
           late_.memory_octets();
  }
  // Of what finished() gives. FD[d]: packets with displacement d = receive index - sequence number; negative
  // is early. (3.5)
  std::uint64_t frequency(std::int64_t displacement) const;
  const CountHistogram& early() const { return early_; }                    // by -d, from 1
  const CountHistogram& late() const { return late_; }                      // by d, from 0
  std::uint64_t counted() const { return early_.total() + late_.total(); }  // N'
  std::uint64_t discarded() const { return discarded_; }                    // displaced beyond DT
  std::uint64_t ignored() const { return ignored_; }  // copies, and numbers already deemed lost
  double density(std::int64_t displacement) const;    // RD[d] = FD[d] / N' (3.6)

 private:
  // Arrivals in order with the numbers first .. first + length - 1.
  struct Run {
    std::uint64_t first;
    std::uint64_t length;
  };

  void untidy_arrival(std::uint64_t number);
  void leave_tidiness();
  void tidy_up();
  void push(std::uint64_t number);
  std::uint64_t pop();
  void place_next();

  std::uint64_t threshold_;
  std::uint64_t receive_index_;
  GrowingRing<Run> window_;        // the RFC's window[]: arrivals not yet given a receive index, in runs
  std::uint64_t window_size_ = 0;  // in arrivals
  // Tidy: all that waits is one run, and nothing below it is awaited. Then the run is tidy_next_ -
  // window_size_ up to tidy_next_, window_ and present_ are empty, and arrivals in order are cheap.
  bool tidy_ = true;
  std::uint64_t tidy_next_ = 0;
  std::uint64_t in_place_ = 0;  // packets with displacement 0 that late_ does not know of yet
  AheadSet present_;            // numbers at or above the receive index that are in window[] or buffer[]
  CountHistogram early_;
  CountHistogram late_;
  std::uint64_t discarded_ = 0;
  std::uint64_t ignored_ = 0;
};

}  // namespace mpsec::cluster
