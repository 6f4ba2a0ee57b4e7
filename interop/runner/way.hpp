// The way to a target, measured before the first case: how long answers take, and how many do not come.
#pragma once

#include "interop/report/run.hpp"

namespace mpsec::conformance {

// By liveness checks on an IKE SA; where none comes about, by IKE_SA_INIT alone. Fails with what was expected
// and found where the target answers no IKE_SA_INIT request.
Result<WayReport> measure_way(Target& target, const Tester::Providers& providers, std::uint64_t seed);

// How often a case has to fail in a row before it counts, so that what the way loses is the cause once in ten
// thousand at the most: `wanted`, or more. Whoever wants one try gets one.
unsigned confirmations(unsigned wanted, const WayReport& way);

}  // namespace mpsec::conformance
