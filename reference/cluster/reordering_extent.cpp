#include "cluster/reordering_extent.hpp"

#include <algorithm>
#include <cassert>
#include <limits>

namespace mpsec::cluster {

void ReorderingExtent::late(std::uint64_t number, std::uint64_t index, Instant time,
                            std::uint64_t in_order_octets, std::uint64_t late_octets_above) {
  const std::uint64_t position = find(number);
  assert(position != discontinuities_.end());
  const Discontinuity& found = discontinuities_[position];
  //= rfc4737/4.2.3/extent-reaches-back-to-the-earliest-larger
  extent_.add(index - found.index);
  //= rfc4737/4.3.3/late-time-from-the-earliest-larger
  late_time_.add((time - found.time).count());
  //= rfc4737/4.4.3/byte-offset-sums-earlier-arrivals-with-larger-numbers
  const std::uint64_t octets = saturating_add(in_order_octets - found.octets_before, late_octets_above);
  byte_offset_.add(
      static_cast<std::int64_t>(std::min<std::uint64_t>(octets, std::numeric_limits<std::int64_t>::max())));
  mark(position);
}

// The first discontinuity with a larger number: the earliest packet to have arrived with one.
std::uint64_t ReorderingExtent::find(std::uint64_t number) const {
  std::uint64_t low = discontinuities_.begin();
  std::uint64_t high = discontinuities_.end();
  while (low < high) {
    const std::uint64_t middle = low + (high - low) / 2;
    if (discontinuities_[middle].number > number)
      high = middle;
    else
      low = middle + 1;
  }
  return low;
}

// The gap belongs to the later of two neighbours and only if it was also found later: one found between them
// afterwards takes it away from the second.
//= rfc4737/4.5.4/gap-to-the-neighbour-found-before
void ReorderingExtent::mark(std::uint64_t position) {
  if (reordering_.marked(position)) return;
  reordering_.mark(position);
  ++reordering_discontinuities_;
  if (const auto later = reordering_.after(position)) discontinuities_[*later].has_gap = false;
  Discontinuity& found = discontinuities_[position];
  if (const auto earlier = reordering_.before(position)) {
    found.has_gap = true;
    found.gap_from = discontinuities_[*earlier].index;
    found.gap_from_time = discontinuities_[*earlier].time;
  } else {
    found.has_gap = forgot_reordering_;
    found.gap_from = forgotten_index_;
    found.gap_from_time = forgotten_time_;
  }
}

void ReorderingExtent::forget_front() {
  const Discontinuity& oldest = discontinuities_.front();
  if (reordering_.marked(discontinuities_.begin())) {
    forgot_reordering_ = true;
    forgotten_index_ = oldest.index;
    forgotten_time_ = oldest.time;
    if (oldest.has_gap) {
      gap_.add(static_cast<std::int64_t>(oldest.index - oldest.gap_from));
      gap_time_.add((oldest.time - oldest.gap_from_time).count());
    }
  }
  discontinuities_.pop_front();
  reordering_.forget_before(discontinuities_.begin());
  oldest_ = discontinuities_.empty() ? UINT64_MAX : discontinuities_.front().number;
}

ReorderingExtent ReorderingExtent::finished() const {
  ReorderingExtent whole = *this;
  while (!whole.discontinuities_.empty())
    whole.forget_front();
  return whole;
}

}  // namespace mpsec::cluster
