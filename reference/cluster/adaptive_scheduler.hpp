// Turns by what was measured of each path.
#pragma once

#include "cluster/weighted_scheduler.hpp"

namespace mpsec::cluster {

// A path's quality is weight x (1 - loss)^4 / round trip: half the round trip carries twice as much, and a
// tenth of loss costs a third. A path without a sample counts as the slowest that has one.
//
// Turns are in proportion to quality, with two bounds. No path gets less than `least_share` of what the best
// one gets, or it would never be seen to recover. And a path keeps its turns until its quality has changed by
// more than `margin` of itself, so that noise of measuring moves nothing.
class AdaptiveScheduler final : public PathScheduler {
 public:
  struct Settings {
    double least_share = 1.0 / 64;  // 0..1
    double margin = 0.2;            // 0..1
    std::uint32_t burst = TurnScheduler::usual_burst;
  };

  AdaptiveScheduler() : AdaptiveScheduler(Settings{}) {}
  explicit AdaptiveScheduler(const Settings& settings) : settings_(settings), turns_(settings.burst) {}

  void on_paths(std::span<const PathView> paths) override;
  Choice choose(std::uint64_t flow, std::uint32_t wanted) noexcept override {
    return turns_.choose(flow, wanted);
  }

 private:
  struct Kept {
    SubSaId id;
    double quality;
  };

  double kept(SubSaId id, double quality) const;

  Settings settings_;
  WeightedScheduler turns_;
  std::vector<Kept> kept_;  // sorted
};

}  // namespace mpsec::cluster
