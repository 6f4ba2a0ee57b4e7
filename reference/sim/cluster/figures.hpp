// What came of a run as figures with names, for expectations and for programs that read reports.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "sim/cluster/scenario.hpp"

namespace mpsec::sim {

class World;

// By name: "lost", "discards.replay_duplicate", "drops.queue_full", "path.R1.share". Truths are 0 or 1.
using Figures = std::map<std::string, double>;
Figures figures_of(const World& world);

// Whether figures_of would have it for a world of this scenario.
bool is_figure(const Scenario& scenario, const std::string& name);
std::string figure_names();  // for people

// Expectations that do not hold, a sentence each: "lost: expected = 0, found 12".
std::vector<std::string> unmet(const Scenario& scenario, const Figures& figures);

}  // namespace mpsec::sim
