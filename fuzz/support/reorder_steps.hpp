// The options and the steps of a reorder buffer, out of the fuzzer's octets.
#pragma once

#include "cluster/test_reorder_trial.hpp"
#include "support/draw.hpp"

namespace mpsec::fuzz {

inline cluster::ReorderOptions reorder_options(Draw& draw) {
  const std::uint8_t first = draw.octet(), second = draw.octet();
  cluster::ReorderOptions options{
      .limits = {.packets = 1u << (first & 7),
                 .octets = 64u << (first >> 3 & 7),
                 .time = std::chrono::milliseconds(9),
                 .span = 128},
      .late = (first & 0x40) != 0 ? cluster::LatePackets::drop : cluster::LatePackets::deliver,
      .fifo_paths = (second & 1) != 0};
  if ((first & 0x80) != 0) options.first = std::nullopt;
  if ((second & 3) == 3)
    options.flows = {.buckets = 2, .learning = second >> 2 & 7u, .memory = std::chrono::milliseconds(3)};
  return options;
}

inline cluster::ReorderTrial::Policy reorder_policy(Draw& draw) {
  return static_cast<cluster::ReorderTrial::Policy>(draw.below(3));
}

// What, and the pause before it; how far from the next number; path and flow; octets.
inline cluster::ReorderStep reorder_step(Draw& draw) {
  using Step = cluster::ReorderStep;
  static constexpr Step::What whats[] = {Step::arrive,
                                         Step::arrive,
                                         Step::arrive,
                                         Step::resolve,
                                         Step::wait,
                                         Step::flush,
                                         Step::wait_for_deadline,
                                         Step::paths};
  const std::uint8_t what = draw.octet(), distance = draw.octet(), origin = draw.octet(),
                     octets = draw.octet();
  const std::int64_t steps = static_cast<std::int8_t>(distance);
  const std::uint32_t path = origin & 7;
  return {.what = whats[what & 7],
          .distance = steps > 100 ? steps * 1000 : steps,
          .path = path == 7 ? cluster::FlowPaths::most_paths : path,
          .flow = origin >> 3 & 3u,
          .octets = octets,
          .pause = std::chrono::microseconds(what >> 3) * 100};
}

}  // namespace mpsec::fuzz
