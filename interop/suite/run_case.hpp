// One case against one target, and what came of it.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "interop/suite/tester.hpp"

namespace mpsec::conformance {

struct Outcome {
  const Case* one = nullptr;
  Verdict verdict = Verdict::harness_error;
  Miss miss = Miss::outcome;
  std::string expected, actual;  // of a failure; `actual` also says why a case is unsupported or inconclusive
  Duration took{};               // as the link tells time
  unsigned tries = 1, failures = 0;
  std::vector<Step> steps;
};

// Never throws: whatever goes wrong is a verdict. The same target and seed give the same outcome.
Outcome run_case(const Case& one, Target& target, const Tester::Providers& providers, std::uint64_t seed);

// The same of steps that belong to no case; the target is as it was prepared.
Outcome run_steps(const std::function<void(Tester&)>& steps, Target& target,
                  const Tester::Providers& providers, std::uint64_t seed);

// Failures are confirmed: a case that failed runs again, until it passes (flaky) or has failed `times` times.
Outcome run_confirmed(const Case& one, Target& target, const Tester::Providers& providers, std::uint64_t seed,
                      unsigned times);

}  // namespace mpsec::conformance
