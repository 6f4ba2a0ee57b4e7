// The scenarios that stand beside this file, by name.
#pragma once

#include <span>
#include <string_view>

namespace mpsec::sim {

struct KnownScenario {
  std::string_view name;  // of the file, without .toml
  std::string_view text;
};
// In the order of their names.
std::span<const KnownScenario> known_scenarios();
// nullptr: there is none.
const KnownScenario* find_scenario(std::string_view name);

}  // namespace mpsec::sim
