// All on the fastest path.
#pragma once

#include <algorithm>

#include "cluster/path_scheduler.hpp"

namespace mpsec::cluster {

// Stays on a path until another's round trip is shorter by more than the margin: two paths that are as good
// as each other do not take the traffic from one another with each sample. A path of which nothing is known
// comes after all that were measured.
class LeastRoundTrip final : public PathScheduler {
 public:
  static constexpr double usual_margin = 0.2;

  // `margin`: the part of the present path's round trip by which another must be faster, 0..1.
  explicit LeastRoundTrip(double margin = usual_margin) : margin_(margin) {}

  void on_paths(std::span<const PathView> paths) override {
    if (paths.empty()) return;
    const auto fastest = std::ranges::min_element(paths, {}, round_trip_of);
    const auto present = std::ranges::find(paths, id_, &PathView::id);
    const bool stays = chosen_ && present != paths.end() &&
                       static_cast<double>(round_trip_of(*fastest).count()) >=
                           static_cast<double>(round_trip_of(*present).count()) * (1 - margin_);
    const auto chosen = stays ? present : fastest;
    chosen_ = true;
    id_ = chosen->id;
    path_ = static_cast<std::uint32_t>(chosen - paths.begin());
  }
  Choice choose(std::uint64_t, std::uint32_t wanted) noexcept override {
    return {path_, wanted, std::nullopt};
  }

 private:
  static Duration round_trip_of(const PathView& path) { return path.round_trip.value_or(Duration::max()); }

  double margin_;
  bool chosen_ = false;
  SubSaId id_;
  std::uint32_t path_ = 0;
};

}  // namespace mpsec::cluster
