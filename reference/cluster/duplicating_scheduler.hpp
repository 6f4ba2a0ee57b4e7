// Everything on two paths.
#pragma once

#include <algorithm>
#include <memory>
#include <vector>

#include "cluster/path_scheduler.hpp"

namespace mpsec::cluster {

// Another scheduler chooses the path; the copy goes to the one that is next by round trip, from the slowest
// on to the fastest again. So the two always differ, the fastest is paired with the second fastest, and
// copies spread as evenly as the choices do. With one path there is no copy. Lawful only where both ends
// agreed on copies.
class DuplicatingScheduler final : public PathScheduler {
 public:
  explicit DuplicatingScheduler(std::unique_ptr<PathScheduler> original) : original_(std::move(original)) {}

  void on_paths(std::span<const PathView> paths) override {
    original_->on_paths(paths);
    std::vector<std::uint32_t> order(paths.size());
    for (std::uint32_t path = 0; path < order.size(); ++path)
      order[path] = path;
    std::ranges::stable_sort(
        order, {}, [&](std::uint32_t path) { return paths[path].round_trip.value_or(Duration::max()); });
    partner_.resize(paths.size());
    for (std::size_t i = 0; i < order.size(); ++i)
      partner_[order[i]] = order[(i + 1) % order.size()];
  }
  Choice choose(std::uint64_t flow, std::uint32_t wanted) noexcept override {
    Choice choice = original_->choose(flow, wanted);
    if (partner_.size() > 1) choice.copy = partner_[choice.path];
    return choice;
  }

 private:
  std::unique_ptr<PathScheduler> original_;
  std::vector<std::uint32_t> partner_;  // by position
};

}  // namespace mpsec::cluster
