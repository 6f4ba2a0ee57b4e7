// How far, how long and how many octets late: the sample metrics 4.2 to 4.5 of RFC 4737.
#pragma once

#include <cstdint>

#include "base/clock.hpp"
#include "cluster/growing_ring.hpp"
#include "cluster/histogram.hpp"
#include "cluster/position_marks.hpp"

namespace mpsec::cluster {

// Remembers the sequence discontinuities whose missing numbers may still come, and measures each late packet
// against the one it belongs to. At most one discontinuity for two numbers of the window it is asked about.
class ReorderingExtent {
 public:
  explicit ReorderingExtent(std::uint64_t bound) : extent_(bound) {}

  // The in-order packet `number`, the index-th to arrive (from 1), left numbers missing before it; or it is
  // the first of its stream. `octets_before` is the sum of the in-order packets that came before it.
  struct Discontinuity {
    std::uint64_t number;
    std::uint64_t index;
    Instant time;
    std::uint64_t octets_before;
    bool has_gap = false;        // a reordering discontinuity (4.5.3), and one before it was found earlier:
    std::uint64_t gap_from = 0;  // that one's index
    Instant gap_from_time{};     // and time
  };
  void discontinuity(const Discontinuity& found) {
    if (discontinuities_.empty()) oldest_ = found.number;
    discontinuities_.push_back(found);
  }

  // A late packet. `in_order_octets` is the sum of all in-order packets so far, `late_octets_above` of the
  // late ones with larger numbers.
  void late(std::uint64_t number, std::uint64_t index, Instant time, std::uint64_t in_order_octets,
            std::uint64_t late_octets_above);

  // No late packet below `floor` will be asked about any more.
  void forget_below(std::uint64_t floor) {
    while (oldest_ <= floor && !discontinuities_.empty())
      forget_front();
  }

  // As if the stream ended here: what was still open is in the histograms.
  ReorderingExtent finished() const;

  const CountHistogram& extent() const { return extent_; }            // packets (4.2)
  const MagnitudeHistogram& late_time() const { return late_time_; }  // nanoseconds (4.3)
  const MagnitudeHistogram& byte_offset() const { return byte_offset_; }
  // Gaps between reordering discontinuities (4.5), of those that have one: packets, nanoseconds.
  const MagnitudeHistogram& gap() const { return gap_; }
  const MagnitudeHistogram& gap_time() const { return gap_time_; }
  std::uint64_t reordering_discontinuities() const { return reordering_discontinuities_; }
  std::size_t memory_octets() const {
    return discontinuities_.memory_octets() + reordering_.memory_octets() + extent_.memory_octets();
  }

 private:
  std::uint64_t find(std::uint64_t number) const;
  void mark(std::uint64_t position);
  void forget_front();

  GrowingRing<Discontinuity> discontinuities_;  // ordered by number and index
  PositionMarks reordering_;                    // those of them that are reordering discontinuities
  std::uint64_t oldest_ = UINT64_MAX;           // the number of their first; none: no number is larger
  bool forgot_reordering_ = false;              // the latest forgotten reordering discontinuity
  std::uint64_t forgotten_index_ = 0;
  Instant forgotten_time_{};

  CountHistogram extent_;
  MagnitudeHistogram late_time_;
  MagnitudeHistogram byte_offset_;
  MagnitudeHistogram gap_;
  MagnitudeHistogram gap_time_;
  std::uint64_t reordering_discontinuities_ = 0;
};

}  // namespace mpsec::cluster
