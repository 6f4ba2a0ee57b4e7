// Scenarios as files: TOML that a person can read (docs/simulator.md lists the keys).
#pragma once

#include <string_view>

#include "base/error.hpp"
#include "sim/cluster/scenario.hpp"

namespace mpsec::sim {

// Fails (local fault) with "FILE:LINE:COLUMN" as its path, and what was expected, found and is allowed.
Result<Scenario> read_scenario(std::string_view text, std::string_view file);

}  // namespace mpsec::sim
