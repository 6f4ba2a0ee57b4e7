// How the embedded reference is configured, and what the tester knows of it.
#pragma once

#include "gateway/settings/settings.hpp"
#include "interop/suite/target.hpp"

namespace mpsec::conformance {

inline constexpr std::size_t reference_paths = 4;
// Seen from the tester.
std::vector<ike::Path> paths_to_reference();
Description describe_reference(const Wishes& wishes);
gateway::Settings reference_settings(const Wishes& wishes);

}  // namespace mpsec::conformance
