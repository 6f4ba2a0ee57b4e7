#include "cluster/reordering_metrics.hpp"

#include <algorithm>
#include <utility>

namespace mpsec::cluster {

ReorderingMetrics::ReorderingMetrics(const ReorderingOptions& options)
    : options_(options),
      window_(options.bound),
      buffer_density_(options.buffer_threshold, options.first.value_or(SequenceNumber{}).value),
      density_(options.displacement_threshold, options.first.value_or(SequenceNumber{}).value),
      extent_(options.bound),
      n_reordered_(options.bound) {}

ArrivalOrder ReorderingMetrics::arrival(SequenceNumber sequence_number, Instant time, std::uint32_t octets) {
  const std::uint64_t number = sequence_number.value;
  octets_ += octets;
  density_.arrival(number);
  buffer_density_.arrival(number);
  const std::uint64_t floor = window_.floor();
  const std::uint64_t n = n_reordering_.arrival(number, floor);
  if (n != 0 && number >= floor) n_reordered_.add(n);
  if (!started_) start(number);
  //= rfc4737/3.3/in-order-at-or-above-next-expected
  return number > window_.top() || received_ == 0 ? above(number, time, octets) : below(number, time, octets);
}

void ReorderingMetrics::start(std::uint64_t number) {
  started_ = true;
  lowest_ = options_.first ? std::min(options_.first->value, number) : number;
  window_.start_before(lowest_);
}

ArrivalOrder ReorderingMetrics::above(std::uint64_t number, Instant time, std::uint32_t octets) {
  const std::uint64_t skipped = number - window_.top() - 1;
  window_.advance(number);
  ++received_;
  ++free_runs_.in_order;
  ++free_runs_.current_length;
  if (skipped != 0 || received_ == 1)
    extent_.discontinuity(
        {.number = number, .index = received_, .time = time, .octets_before = in_order_octets_});
  in_order_octets_ += octets;
  extent_.forget_below(window_.floor());
  if (skipped == 0) return ArrivalOrder::in_order;
  //= rfc4737/3.4/discontinuity-size-is-what-was-skipped
  ++discontinuities_;
  discontinuity_size_.add(static_cast<std::int64_t>(std::min<std::uint64_t>(skipped, INT64_MAX)));
  missing_ += skipped;
  ++gaps_;
  return ArrivalOrder::discontinuity;
}

ArrivalOrder ReorderingMetrics::below(std::uint64_t number, Instant time, std::uint32_t octets) {
  if (number < window_.floor()) {
    ++beyond_bound_;
    ++received_;
    count_reordered();
    return ArrivalOrder::beyond_bound;
  }
  //= rfc4737/3.6/duplicates-are-noted-and-left-out
  if (window_.has(number)) {
    ++duplicates_;
    return ArrivalOrder::duplicate;
  }
  ++received_;
  count_reordered();
  extent_.late(number, received_, time, in_order_octets_, window_.late_octets_above(number));
  fill_gap(number);
  window_.fill(number, octets);
  return ArrivalOrder::reordered;
}

void ReorderingMetrics::fill_gap(std::uint64_t number) {
  if (number < lowest_) {  // the stream began earlier than it seemed
    const std::uint64_t skipped = lowest_ - number - 1;
    missing_ += skipped;
    gaps_ += skipped != 0 ? 1 : 0;
    lowest_ = number;
    return;
  }
  --missing_;
  const bool left = number > lowest_ && !window_.has(number - 1);
  const bool right = !window_.has(number + 1);
  if (left && right) ++gaps_;
  if (!left && !right) --gaps_;
}

void ReorderingMetrics::count_reordered() {
  ++reordered_;
  //= rfc4737/4.6.3/a-reordered-packet-ends-a-run
  const std::uint64_t run = std::exchange(free_runs_.current_length, 0);
  const std::uint64_t square = run >> 32 != 0 ? UINT64_MAX : run * run;
  free_runs_.square_sum = saturating_add(free_runs_.square_sum, square);
  ++free_runs_.runs;
}

ReorderingReport ReorderingMetrics::report() const {
  return {.bound = options_.bound,
          .arrivals = arrivals(),
          .octets = octets_,
          .received = received_,
          .duplicates = duplicates_,
          .beyond_bound = beyond_bound_,
          .lowest = lowest_,
          .highest = received_ == 0 ? 0 : window_.top(),
          .lost = missing_,
          .gaps = gaps_,
          .discontinuities = discontinuities_,
          .discontinuity_size = discontinuity_size_,
          .reordered = reordered_,
          .extent = extent_.finished(),
          .free_runs = free_runs_,
          .n_reordering = n_reordered_,
          .density = density_.finished(),
          .buffer_density = buffer_density_.finished()};
}

std::size_t ReorderingMetrics::memory_octets() const {
  return window_.memory_octets() + n_reordering_.memory_octets() + buffer_density_.memory_octets() +
         density_.memory_octets() + extent_.memory_octets() + n_reordered_.memory_octets();
}

double ReorderingFreeRuns::variability() const {
  if (runs == 0 || in_order == 0) return 0.0;
  return static_cast<double>(square_sum) / static_cast<double>(in_order) / mean();
}

std::uint64_t ReorderingReport::n_reordered(std::uint64_t n) const {
  std::uint64_t packets = n_reordering.beyond();
  for (std::uint64_t degree = n; degree < n_reordering.counts().size(); ++degree)
    packets += n_reordering.count(degree);
  return packets;
}

}  // namespace mpsec::cluster
