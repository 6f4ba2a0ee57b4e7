// One case against one target, and what came of it.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "interop/suite/tester.hpp"

namespace mpsec::conformance {

// What a capture of the case can be decrypted with. Whoever keeps it guards it.
struct Secrets {
  struct IkeSa {
    ike::IkeSpis spis{};
    ike::Suite suite{};
    ike::IkeKeys keys{};
  };
  struct ChildSa {
    ChildTerms terms{};
    ike::ChildKeys sending{}, receiving{};  // the tester's
  };
  std::vector<IkeSa> ike_sas{};
  std::vector<ChildSa> children{};
};
enum class Keep : std::uint8_t { nothing, keys };

struct Outcome {
  const Case* one = nullptr;
  Verdict verdict = Verdict::harness_error;
  Miss miss = Miss::outcome;
  std::string expected, actual;  // of a failure; `actual` also says why a case is unsupported or inconclusive
  Duration took{};               // as the link tells time
  unsigned tries = 1, failures = 0;
  std::vector<Step> steps;
  std::shared_ptr<const Secrets> secrets{};  // null unless they were to be kept
};

// Never throws: whatever goes wrong is a verdict. The same target and seed give the same outcome.
Outcome run_case(const Case& one, Target& target, const Tester::Providers& providers, std::uint64_t seed,
                 Keep keep = Keep::nothing);

// The same of steps that belong to no case; the target is as it was prepared.
Outcome run_steps(const std::function<void(Tester&)>& steps, Target& target,
                  const Tester::Providers& providers, std::uint64_t seed, Keep keep = Keep::nothing);

// What one failure of a case is worth.
enum class Loss : std::uint8_t {
  none,
  on_the_way,  // it may be the way's doing, and so may be that a case came to no verdict
};
// Failures are confirmed: a case that failed runs again, until it passes or has failed `times` times. One
// that passes then is flaky, with the steps and secrets of the first run; or, where there is loss on the way,
// it passes.
Outcome run_confirmed(const Case& one, Target& target, const Tester::Providers& providers, std::uint64_t seed,
                      unsigned times, Loss loss = Loss::none, Keep keep = Keep::nothing);

}  // namespace mpsec::conformance
