// A run: cases against a target, one after the other, with everything that can go wrong on the way.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "interop/report/evidence.hpp"
#include "interop/report/formats.hpp"
#include "interop/runner/waivers.hpp"

namespace mpsec::conformance {

struct Plan {
  std::vector<const Case*> cases{};
  std::uint64_t seed = 1;
  unsigned confirm = 3;    // a failure counts when it has come so often in a row
  Loss loss = Loss::none;  // on the way, as it was measured
  unsigned repeat = 1;     // passes are repeated too; mixed verdicts are flaky
  bool fail_fast = false;
  std::vector<Waiver> waivers{};
  std::string folder{};            // of reports and evidence; empty: nothing is written
  bool all_evidence = false;       // of cases that pass, too
  std::vector<CaseReport> done{};  // of a run that goes on: these are not run again
  bool virtual_time = true;        // the target cannot be lost
};

struct Watching {
  std::function<bool()> interrupted = [] { return false; };
  std::function<void(const Progress&)> progress = [](const Progress&) {};
  std::function<void(const CaseReport&)> ended = [](const CaseReport&) {};
  std::function<Duration()> elapsed = [] { return Duration{}; };
  // After each case, with what there is so far: so that nothing is lost.
  std::function<void(const Run&)> save = [](const Run&) {};
};

// Fills the cases and how the run ended; the rest of `run` is the caller's.
void run_all(const Plan& plan, Target& target, const Tester::Providers& providers, const Register& rules,
             Run& run, const Watching& watching);

// 0, 1, 3, 4 or 5 of exit_code.hpp.
int exit_code_of(const Run& run);

// Whether the target answers an IKE_SA_INIT request at all; the reason why not.
Result<Duration> probe(Target& target, const Tester::Providers& providers, std::uint64_t seed);

}  // namespace mpsec::conformance
