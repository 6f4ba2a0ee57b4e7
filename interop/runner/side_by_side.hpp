// Cases that wait for the target's own timers, at the same time, on IKE SAs of their own.
#pragma once

#include <span>
#include <vector>

#include "interop/suite/run_case.hpp"

namespace mpsec::conformance {

// Of these cases, those that may run side by side, in the order in which they have to begin: a target that is
// made to initiate takes an IKE SA that is there, so that comes first.
std::vector<const Case*> side_by_side(std::span<const Case* const> cases);

// An outcome for each, in their order. Each begins once those before it do nothing but wait. The target is
// prepared once, for all of them.
std::vector<Outcome> run_side_by_side(std::span<const Case* const> cases, Target& target,
                                      const Tester::Providers& providers, std::uint64_t seed,
                                      Keep keep = Keep::nothing);

}  // namespace mpsec::conformance
