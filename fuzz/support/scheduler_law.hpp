// Paths drawn by a fuzzer, and what must hold of every choice between them.
#pragma once

#include "cluster/path_scheduler.hpp"
#include "support/draw.hpp"
#include "support/require.hpp"

namespace mpsec::fuzz {

// Any of eight sub-SAs, from the back or from the front, with weights, round trips and loss of any kind.
inline std::vector<cluster::PathView> draw_paths(Draw& draw) {
  std::vector<cluster::PathView> paths;
  const std::uint8_t there = draw.octet(), order = draw.octet();
  for (std::uint32_t i = 0; i < 8; ++i) {
    const std::uint32_t id = (order & 7u) ^ i;
    if ((there >> id & 1) == 0) continue;
    const std::uint8_t measured = draw.octet();
    paths.push_back({.id = cluster::SubSaId(id),
                     .weight = measured % 16 == 0 ? 0xffffffffu : measured,
                     .round_trip = measured % 3 == 0
                                       ? std::nullopt
                                       : std::optional(Duration(std::int64_t{1} << measured % 63)),
                     .loss = (measured % 7 - 1) / 5.0});
  }
  return paths;
}

// Asks for 1 to 128 packets and holds the choice against the seam's laws.
inline void require_lawful_choice(cluster::PathScheduler& scheduler, std::size_t paths, std::uint8_t step) {
  const std::uint32_t wanted = 1u + step / 2;
  const auto choice = scheduler.choose(step * 0x9e3779b97f4a7c15, wanted);
  require(choice.path < paths, "the path is one of those that there are");
  require(choice.packets >= 1 && choice.packets <= wanted, "there are packets, and no more than were wanted");
  require(!choice.copy || (*choice.copy < paths && *choice.copy != choice.path), "the copy goes another way");
}

}  // namespace mpsec::fuzz
