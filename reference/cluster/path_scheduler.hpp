// Which sub-SA carries the next packets of a cluster: a seam of local policy.
#pragma once

#include <cstdint>
#include <optional>
#include <span>

#include "base/clock.hpp"
#include "cluster/types.hpp"

namespace mpsec::cluster {

// A sub-SA that may be used now, as a scheduler sees it.
struct PathView {
  SubSaId id;
  std::uint32_t weight = 1;            // not 0: check_weight()
  std::optional<Duration> round_trip;  // smoothed; nothing known: nullopt
  double loss = 0;                     // 0..1, smoothed

  bool operator==(const PathView&) const = default;
};

// A scheduler belongs to one worker: it keeps no lock.
class PathScheduler {
 public:
  // Positions are those of the last on_paths().
  struct Choice {
    std::uint32_t path = 0;
    std::uint32_t packets = 0;
    std::optional<std::uint32_t> copy;  // who sends the same packets with the same numbers too; never `path`

    bool operator==(const Choice&) const = default;
  };

  virtual ~PathScheduler() = default;
  // The sub-SAs that may be used have changed, or what is known of them. Called off the packet path; `paths`
  // is copied as needed. No identifier stands in it twice.
  virtual void on_paths(std::span<const PathView> paths) = 0;
  // The path for up to `wanted` packets in a row of the flow with this hash; 1 <= packets <= wanted. Only
  // called when there is a path, and with wanted >= 1.
  virtual Choice choose(std::uint64_t flow, std::uint32_t wanted) noexcept = 0;
};

}  // namespace mpsec::cluster
