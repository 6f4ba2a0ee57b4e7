// Turns in proportion to weights, evenly mixed.
#pragma once

#include <string_view>

#include "base/error.hpp"
#include "cluster/turn_scheduler.hpp"

namespace mpsec::cluster {

// Is it a weight for the path of that name? 0 is none: a path that shall not be used is taken out.
Result<> check_weight(std::uint32_t weight, std::string_view path);

// Smooth weighted round robin. The turns of a path of weight w are due at the times (k + 1/2) / w of a clock
// of their own, and who is due first is next: so of any w1 + w2 + ... turns in a row each path has exactly
// its weight, and no path waits longer than it must. O(log paths) a turn.
class WeightedScheduler final : public TurnScheduler {
 public:
  explicit WeightedScheduler(std::uint32_t burst = usual_burst) : TurnScheduler(burst) {}

 private:
  struct Due {
    double at;
    std::uint32_t path;
  };

  void arrange(std::span<const PathView> paths) override;
  std::uint32_t next_turn() noexcept override;
  // When the next turn of each old path is due, from now on, by its identifier.
  std::vector<std::pair<SubSaId, double>> waits() const;
  void end_round() noexcept;
  double due_at(std::uint32_t path) const noexcept;
  static bool later(const Due& a, const Due& b);

  std::vector<double> wait_;           // until the first turn, in turns of its own, by position
  std::vector<std::int64_t> taken_;    // turns of this round, by position
  std::vector<std::uint32_t> weight_;  // by position
  std::vector<Due> queue_;             // a heap, who is due first on top
  std::uint64_t turns_left_ = 0;       // of this round
  std::uint64_t round_ = 0;            // the sum of the weights: turns in a round
};

}  // namespace mpsec::cluster
