#include "cluster/cluster_metrics.hpp"

#include <algorithm>
#include <fmt/format.h>

namespace mpsec::cluster {

std::string too_small(const WindowFigures& window) {
  if (window.late_authentic == 0) return "";
  return fmt::format("window of {} numbers: too small for {} good packets, which {} numbers would have held",
                     window.size, window.late_authentic, window.size_that_would_have_held);
}

// Gaps are no loss here, so the density of RFC 5236 would count what other paths carry: it is left out.
ClusterMetrics::Path::Path(std::uint64_t bound)
    : within({.bound = bound, .displacement_threshold = 0, .buffer_threshold = 0}) {}

ArrivalOrder ClusterMetrics::arrival(std::uint32_t index, SequenceNumber number, Instant now,
                                     std::uint32_t octets) {
  const bool first = all_.arrivals() == 0;
  const ArrivalOrder order = all_.arrival(number, now, octets);
  if (first || order == ArrivalOrder::discontinuity) skips_.push_back({number.value, now});
  Path& one = path(index);
  one.report.last = now;
  if (order == ArrivalOrder::duplicate) {
    ++one.report.duplicates;
    return order;
  }
  ++one.report.arrivals;
  one.report.octets += octets;
  one.within.arrival(number, now, octets);
  behind(one.report, number.value, order, now);
  return order;
}

void ClusterMetrics::redundant(std::uint32_t index, std::uint32_t octets) {
  ++path(index).report.redundant;
  ++redundant_;
  redundant_octets_ += octets;
}

ClusterMetrics::Path& ClusterMetrics::path(std::uint32_t index) {
  const auto [one, is_new] = paths_.try_emplace(index, options_.bound);
  if (is_new) one->second.report.path = index;
  return one->second;
}

void ClusterMetrics::behind(PathReport& report, std::uint64_t number, ArrivalOrder order, Instant now) {
  const std::uint64_t top = all_.highest().value;
  while (skips_.size() > 1 && top - skips_.front().number > options_.bound)
    skips_.pop_front();
  if (number >= top) return;
  ++report.behind;
  report.behind_numbers.add(static_cast<std::int64_t>(std::min<std::uint64_t>(top - number, INT64_MAX)));
  if (order == ArrivalOrder::beyond_bound) return;
  std::uint64_t low = skips_.begin(), high = skips_.end();  // the first above `number`
  while (low != high) {
    const std::uint64_t middle = low + (high - low) / 2;
    if (skips_[middle].number > number) {
      high = middle;
    } else {
      low = middle + 1;
    }
  }
  if (low != skips_.end()) report.behind_time.add((now - skips_[low].time).count());
}

ClusterReport ClusterMetrics::report() const {
  ClusterReport report{.all = all_.report(),
                       .paths = {},
                       .redundant = redundant_,
                       .redundant_octets = redundant_octets_,
                       .window = window_};
  std::uint64_t arrivals = 0, octets = 0;
  for (const auto& [index, one] : paths_) {
    PathReport& path = report.paths.emplace_back(one.report);
    ReorderingReport within = one.within.report();
    path.highest = within.highest;
    path.reordered = within.reordered;
    path.extent = std::move(within.extent);
    path.free_runs = within.free_runs;
    arrivals += path.arrivals;
    octets += path.octets;
  }
  for (PathReport& path : report.paths) {
    if (arrivals != 0) path.share = static_cast<double>(path.arrivals) / static_cast<double>(arrivals);
    if (octets != 0) path.octet_share = static_cast<double>(path.octets) / static_cast<double>(octets);
  }
  return report;
}

std::size_t ClusterMetrics::memory_octets() const {
  std::size_t octets = all_.memory_octets() + skips_.memory_octets() + paths_.size() * sizeof(Path);
  for (const auto& [index, one] : paths_)
    octets += one.within.memory_octets();
  return octets;
}

}  // namespace mpsec::cluster
