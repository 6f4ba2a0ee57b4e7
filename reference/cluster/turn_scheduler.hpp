// What schedulers that go from path to path have in common: turns.
#pragma once

#include <algorithm>
#include <vector>

#include "cluster/path_scheduler.hpp"

namespace mpsec::cluster {

// A turn is `burst` packets in a row on one path, whoever asks for them and in however many calls: rows keep
// the engine's runs long and reordering rare; 1 spreads packet by packet. A turn ends early when its path
// goes.
class TurnScheduler : public PathScheduler {
 public:
  static constexpr std::uint32_t usual_burst = 32;

  void on_paths(std::span<const PathView> paths) final {
    const auto path = position_among(paths, path_);
    if (!path) left_ = 0;
    path_ = path.value_or(0);
    arrange(paths);
    paths_.assign(paths.begin(), paths.end());
  }

  Choice choose(std::uint64_t, std::uint32_t wanted) noexcept final {
    if (left_ == 0) {
      path_ = next_turn();
      left_ = burst_;
    }
    const std::uint32_t packets = std::min(wanted, left_);
    left_ -= packets;
    return {path_, packets, std::nullopt};
  }

 protected:
  explicit TurnScheduler(std::uint32_t burst) : burst_(std::max(burst, 1u)) {}

  // Takes the new paths; paths() still says the old ones.
  virtual void arrange(std::span<const PathView> paths) = 0;
  // Whose turn it is now, by position.
  virtual std::uint32_t next_turn() noexcept = 0;

  std::span<const PathView> paths() const { return paths_; }
  // Where the path that stands at `position` now will stand, if it stays.
  std::optional<std::uint32_t> position_among(std::span<const PathView> paths, std::uint32_t position) const {
    if (position >= paths_.size()) return std::nullopt;
    const auto at = std::ranges::find(paths, paths_[position].id, &PathView::id);
    if (at == paths.end()) return std::nullopt;
    return static_cast<std::uint32_t>(at - paths.begin());
  }

 private:
  std::uint32_t burst_;
  std::uint32_t left_ = 0;  // of this turn, in packets
  std::uint32_t path_ = 0;  // who has the turn, or had the last one
  std::vector<PathView> paths_;
};

}  // namespace mpsec::cluster
