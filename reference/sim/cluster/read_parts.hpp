// The lists of a scenario: paths, flows, happenings, attacks, and single expectations.
#pragma once

#include "sim/cluster/scenario.hpp"
#include "sim/cluster/toml_reader.hpp"

namespace mpsec::sim {

// Each leaves its first error with the reader.
void read_paths(TomlReader& document, Scenario& scenario);
void read_flows(TomlReader& document, Scenario& scenario);
void read_happenings(TomlReader& document, Scenario& scenario);  // behind the paths, as read_attacks
void read_attacks(TomlReader& document, Scenario& scenario);
// 7, true, "<= 50", ">= 1", "< 2", "> 0", "= 0". Fails with what was expected.
std::expected<Expectation, std::string> parse_expectation(const std::string& figure, const toml::node& value);

}  // namespace mpsec::sim
