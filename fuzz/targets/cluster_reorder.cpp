// The reorder buffer against its model, step by step: three octets of options, then four a step.
// depends: cluster fuzz_support
#include "support/reorder_steps.hpp"
#include "support/require.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* octets, std::size_t size) {
  mpsec::fuzz::Draw draw({octets, size});
  const auto options = mpsec::fuzz::reorder_options(draw);
  mpsec::fuzz::require(mpsec::cluster::ReorderOptions::check(options).has_value(), "the options are fit");
  mpsec::cluster::ReorderTrial trial(options, mpsec::fuzz::reorder_policy(draw));
  while (!draw.empty()) {
    trial.take(mpsec::fuzz::reorder_step(draw));
    mpsec::fuzz::require(*trial.fault() == 0, trial.fault());
  }
  return 0;
}
