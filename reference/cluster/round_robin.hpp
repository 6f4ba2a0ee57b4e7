// Each path in its turn.
#pragma once

#include "cluster/turn_scheduler.hpp"

namespace mpsec::cluster {

// Goes through the paths in their order. Where the next path has gone, who took its place is next: a path
// that comes and goes does not send the others back to the beginning.
class RoundRobin final : public TurnScheduler {
 public:
  explicit RoundRobin(std::uint32_t burst = usual_burst) : TurnScheduler(burst) {}

 private:
  void arrange(std::span<const PathView> paths) override {
    next_ = position_among(paths, next_).value_or(next_);
    count_ = static_cast<std::uint32_t>(paths.size());
    if (next_ >= count_) next_ = 0;
  }
  std::uint32_t next_turn() noexcept override {
    const std::uint32_t path = next_;
    next_ = next_ + 1 == count_ ? 0 : next_ + 1;
    return path;
  }

  std::uint32_t next_ = 0;
  std::uint32_t count_ = 0;
};

}  // namespace mpsec::cluster
