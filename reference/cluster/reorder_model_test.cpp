// The buffer against the model, step by step, and the laws that hold whatever comes.
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "cluster/test_reorder_trial.hpp"

namespace mpsec::cluster {
namespace {

using namespace std::chrono_literals;
using Steps = std::vector<ReorderStep>;
using Policy = ReorderTrial::Policy;

// Mostly arrivals; mostly near, with losses, copies, late ones and jumps beyond the span.
rc::Gen<Steps> steps() {
  using rc::gen::inRange;
  const auto near = inRange<std::int64_t>(-4, 12), wide = inRange<std::int64_t>(-300, 300);
  return rc::gen::container<Steps>(rc::gen::construct<ReorderStep>(
      rc::gen::weightedElement<ReorderStep::What>({{24, ReorderStep::arrive},
                                                   {4, ReorderStep::resolve},
                                                   {2, ReorderStep::wait},
                                                   {2, ReorderStep::wait_for_deadline},
                                                   {1, ReorderStep::flush},
                                                   {1, ReorderStep::paths}}),
      rc::gen::weightedOneOf<std::int64_t>({{8, rc::gen::just<std::int64_t>(0)}, {16, near}, {2, wide}}),
      rc::gen::element<std::uint32_t>(0, 1, 2, 3, FlowPaths::most_paths), inRange<std::uint64_t>(0, 4),
      inRange<std::uint32_t>(20, 200),
      rc::gen::map(inRange(0, 400), [](int us) { return Duration(us * 1000); })));
}

rc::Gen<ReorderOptions> options(bool flows) {
  return rc::gen::map(rc::gen::tuple(rc::gen::element<std::uint32_t>(1, 4, 64),
                                     rc::gen::element<std::uint64_t>(1, 700, 1 << 20),
                                     rc::gen::arbitrary<bool>(), rc::gen::arbitrary<bool>(),
                                     rc::gen::arbitrary<bool>(), rc::gen::inRange<std::uint32_t>(0, 6)),
                      [flows](const auto& drawn) {
                        const auto& [packets, octets, drop, midway, fifo, learning] = drawn;
                        ReorderOptions options{
                            .limits = {.packets = packets, .octets = octets, .time = 9ms, .span = 128},
                            .late = drop ? LatePackets::drop : LatePackets::deliver,
                            .fifo_paths = fifo || flows};
                        if (midway) options.first = std::nullopt;
                        if (flows) options.flows = {.buckets = 2, .learning = learning, .memory = 3ms};
                        return options;
                      });
}

void try_steps(ReorderTrial& trial, const Steps& steps) {
  for (const ReorderStep& step : steps) {
    trial.take(step);
    RC_ASSERT(std::string(trial.fault()) == "");
    if (step.what == ReorderStep::flush) RC_ASSERT(trial.buffer().packets() == 0u);
  }
}

RC_GTEST_PROP(ReorderModel, AgreesStepByStep, ()) {
  ReorderTrial trial(*options(false), *rc::gen::element(Policy::none, Policy::time, Policy::gap));
  try_steps(trial, *steps());
  RC_CLASSIFY(trial.buffer().counters().held != 0, "some held");
}

RC_GTEST_PROP(ReorderModel, AgreesStepByStepWithFlowsApart, ()) {
  ReorderTrial trial(*options(true), *rc::gen::element(Policy::none, Policy::time, Policy::gap));
  try_steps(trial, *steps());
  RC_CLASSIFY(trial.buffer().counters().passed != 0, "some passed");
}

}  // namespace
}  // namespace mpsec::cluster
