// Conservation: whatever was sent was delivered, dropped for a cause that is counted, or is still on its way.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "sim/cluster/world.hpp"

namespace mpsec::sim {

// One law: both sides were counted by different parts of the simulation.
struct BalanceLine {
  std::string what;  // "SGW1 to SGW2: arrived = accepted + discarded"
  std::uint64_t in = 0, out = 0;
};
std::vector<BalanceLine> balance_of(const World& world);
bool is_balanced(const std::vector<BalanceLine>& lines);

}  // namespace mpsec::sim
