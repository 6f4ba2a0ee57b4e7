// A flow keeps its path.
#pragma once

#include <utility>

#include "cluster/anchor_hash.hpp"
#include "cluster/path_scheduler.hpp"

namespace mpsec::cluster {

// Each path carries an equal share of the flows, and no flow is reordered by the others. When a path goes,
// only its flows move, evenly to all others; a path that comes takes its share and moves no flow between
// others; one that goes and returns with nothing in between gets its own flows back.
//
// That holds for up to `most_paths` paths. If there are more, room is made for twice as many, and most flows
// move.
class FlowScheduler final : public PathScheduler {
 public:
  static constexpr std::uint32_t usual_most_paths = 1024;

  explicit FlowScheduler(std::uint32_t most_paths = usual_most_paths) : anchor_(most_paths) {}

  void on_paths(std::span<const PathView> paths) override;
  Choice choose(std::uint64_t flow, std::uint32_t wanted) noexcept override {
    return {position_[anchor_.slot_of(flow)], wanted, std::nullopt};
  }

 private:
  using Slot = std::pair<SubSaId, std::uint32_t>;

  void take_out_those_gone(std::span<const PathView> paths);
  void make_room(std::size_t paths);

  AnchorHash anchor_;
  std::vector<Slot> slots_;              // sorted
  std::vector<std::uint32_t> position_;  // by slot
};

}  // namespace mpsec::cluster
