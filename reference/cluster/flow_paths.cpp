#include "cluster/flow_paths.hpp"

#include <algorithm>

namespace mpsec::cluster {

void FlowPaths::on_paths(std::span<const std::uint32_t> live) {
  live_ = 0;
  for (const std::uint32_t path : live)
    if (path < most_paths) live_ |= std::uint64_t{1} << path;
}

void FlowPaths::arrived(std::uint32_t bucket, std::uint32_t path, Instant now) noexcept {
  if (now >= period_ends_) {
    period_ = now.time_since_epoch() / options_.memory;
    period_ends_ = Instant((period_ + 1) * options_.memory);
  }
  Bucket& known = buckets_[bucket];
  if (known.period != period_) begin_period(known);
  if (path >= most_paths) {
    known.packets = 0;
    return;
  }
  known.paths |= std::uint64_t{1} << path;
  if (known.packets <= options_.learning) ++known.packets;
}

void FlowPaths::begin_period(Bucket& bucket) const noexcept {
  const bool next = bucket.period + 1 == period_;
  bucket.earlier = next ? bucket.paths : 0;
  bucket.paths = 0;
  bucket.period = period_;
  if (!next) bucket.packets = 0;
}

std::uint64_t FlowPaths::complete_below(std::uint32_t bucket, const PathProgress& progress) const noexcept {
  const Bucket& known = buckets_[bucket];
  std::uint64_t paths = (known.paths | known.earlier) & live_;
  if (known.packets <= options_.learning || paths == 0) return 0;
  std::uint64_t lowest = UINT64_MAX;
  for (; paths != 0; paths &= paths - 1)
    lowest = std::min(lowest, progress.top(static_cast<std::uint32_t>(std::countr_zero(paths))));
  return lowest;
}

}  // namespace mpsec::cluster
