// A scenario of mpsec-sim as text: an error names a line of it; what is read keeps within its bounds.
// depends: sim_cluster
#include "sim/cluster/figures.hpp"
#include "sim/cluster/read_scenario.hpp"
#include "support/require.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* octets, std::size_t size) {
  using namespace mpsec;
  const auto scenario = sim::read_scenario({reinterpret_cast<const char*>(octets), size}, "input");
  if (!scenario) {
    fuzz::require(scenario.error().path.starts_with("input:"), "an error says where");
    fuzz::require(!scenario.error().why.empty(), "an error says why");
    return 0;
  }
  fuzz::require(!scenario->paths.empty() && scenario->paths.size() <= 256, "there are 1 to 256 paths");
  for (const auto& attack : scenario->attacks)
    fuzz::require(std::max(attack.path, attack.over) < scenario->paths.size(),
                  "an attacker's paths are there");
  for (const auto& expectation : scenario->expectations)
    fuzz::require(sim::is_figure(*scenario, expectation.figure), "what is expected can be measured");
  return 0;
}
