// `mpsec-conformance check`: tries a target step by step, and explains the first that fails.
#pragma once

#include <functional>
#include <string>

#include "interop/suite/run_case.hpp"

namespace mpsec::conformance {

struct CheckStep {
  std::string name;  // "IKE_AUTH"
  bool works = false;
  std::string found;          // what was seen
  std::string cause, remedy;  // of a failure: the likely one
};

// In order: reach, IKE_SA_INIT, IKE_AUTH, Child SA, ping, each hook that the description names and that does
// no harm; ends with the first that fails. `told` hears of each. The round trip of IKE_SA_INIT.
Duration check_target(Target& target, const Tester::Providers& providers,
                      const std::function<void(const CheckStep&)>& told);

}  // namespace mpsec::conformance
