#include "cluster/adaptive_scheduler.hpp"

#include <cmath>

namespace mpsec::cluster {
namespace {

// Weights that the best path gets 2^16 of: fine enough for any share, and their sum over 65,536 paths is
// small.
constexpr double best_weight = 65536;

Duration slowest_of(std::span<const PathView> paths) {
  Duration slowest{};
  for (const PathView& path : paths)
    slowest = std::max(slowest, path.round_trip.value_or(Duration{}));
  return slowest;
}

double quality_of(const PathView& path, Duration slowest) {
  const Duration round_trip = std::max(path.round_trip.value_or(slowest), Duration(1));
  return std::max(path.weight, 1u) * std::pow(1 - std::clamp(path.loss, 0.0, 1.0), 4) /
         static_cast<double>(round_trip.count());
}

}  // namespace

void AdaptiveScheduler::on_paths(std::span<const PathView> paths) {
  const Duration slowest = slowest_of(paths);
  std::vector<Kept> now;
  double best = 0;
  for (const PathView& path : paths) {
    now.push_back({path.id, kept(path.id, quality_of(path, slowest))});
    best = std::max(best, now.back().quality);
  }
  std::vector<PathView> weighted(paths.begin(), paths.end());
  for (std::size_t i = 0; i < weighted.size(); ++i) {
    const double share = best > 0 ? now[i].quality / best : 1;
    weighted[i].weight = static_cast<std::uint32_t>(
        std::max(1.0, std::round(best_weight * std::max(share, settings_.least_share))));
  }
  turns_.on_paths(weighted);
  std::ranges::sort(now, {}, &Kept::id);
  kept_ = std::move(now);
}

// The quality that the turns go by: the one before, unless the new one is far enough from it.
double AdaptiveScheduler::kept(SubSaId id, double quality) const {
  const auto before = std::ranges::lower_bound(kept_, id, {}, &Kept::id);
  if (before == kept_.end() || before->id != id) return quality;
  return std::abs(quality - before->quality) > settings_.margin * before->quality ? quality : before->quality;
}

}  // namespace mpsec::cluster
