// What the tests of schedulers share: paths, and the packets of many choices one by one.
#pragma once

#include <algorithm>
#include <gtest/gtest.h>
#include <initializer_list>
#include <span>
#include <vector>

#include "cluster/path_scheduler.hpp"

namespace mpsec::cluster {

inline std::vector<PathView> paths_of(std::initializer_list<std::uint32_t> ids) {
  std::vector<PathView> paths;
  for (const std::uint32_t id : ids)
    paths.push_back({.id = SubSaId(id), .round_trip = std::nullopt});
  return paths;
}

// The sub-SAs 0 .. count - 1, of weight 1.
inline std::vector<PathView> paths_up_to(std::uint32_t count) {
  std::vector<PathView> paths(count);
  for (std::uint32_t i = 0; i < count; ++i)
    paths[i].id = SubSaId(i);
  return paths;
}

// The positions of the next `count` packets, asked for one by one or `at_once`; each choice is held against
// the laws of the seam.
inline std::vector<std::uint32_t> positions(PathScheduler& scheduler, std::size_t path_count,
                                            std::size_t count, std::uint32_t at_once = 1,
                                            std::uint64_t flow = 0) {
  std::vector<std::uint32_t> chosen;
  while (chosen.size() < count) {
    const auto wanted = static_cast<std::uint32_t>(std::min<std::size_t>(at_once, count - chosen.size()));
    const PathScheduler::Choice choice = scheduler.choose(flow, wanted);
    if (choice.packets < 1 || choice.packets > wanted || choice.path >= path_count ||
        (choice.copy && (*choice.copy >= path_count || *choice.copy == choice.path))) {
      ADD_FAILURE() << "path " << choice.path << ", " << choice.packets << " of " << wanted << " packets";
      return chosen;
    }
    chosen.insert(chosen.end(), choice.packets, choice.path);
  }
  return chosen;
}

// How many of them fell on each path.
inline std::vector<std::uint64_t> counts(std::span<const std::uint32_t> chosen, std::size_t path_count) {
  std::vector<std::uint64_t> counts(path_count);
  for (const std::uint32_t path : chosen)
    ++counts[path];
  return counts;
}

}  // namespace mpsec::cluster
