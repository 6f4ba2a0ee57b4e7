#include "sim/scenarios/scenarios.hpp"

#include <algorithm>

namespace mpsec::sim {
namespace {

constexpr KnownScenario table[] = {
#include "sim/scenarios/table.inc"
};

}  // namespace

std::span<const KnownScenario> known_scenarios() {
  return table;
}

const KnownScenario* find_scenario(std::string_view name) {
  const auto* const found = std::ranges::find(table, name, &KnownScenario::name);
  return found == std::end(table) ? nullptr : found;
}

}  // namespace mpsec::sim
