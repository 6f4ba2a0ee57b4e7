// The laws of SA clusters under random commands; each of them can fail.
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "cluster/test_cluster_world.hpp"

namespace mpsec::cluster {
namespace {

using namespace test;

using Steps = std::vector<std::array<std::uint8_t, Step::octets>>;

Octets octets_of(const std::array<std::uint8_t, WorldSettings::octets>& settings, const Steps& steps) {
  Octets octets(settings.begin(), settings.end());
  for (const auto& step : steps)
    append(octets, OctetView(step));
  return octets;
}

// As many commands as a run needs to come to something; they shrink to the fewest and smallest that break a
// law.
rc::Gen<Steps> any_steps(double scale = 4) {
  return rc::gen::scale(scale,
                        rc::gen::container<Steps>(rc::gen::container<std::array<std::uint8_t, Step::octets>>(
                            rc::gen::resize(100, rc::gen::arbitrary<std::uint8_t>()))));
}

RC_GTEST_PROP(ClusterLaws, HoldUnderRandomCommands, ()) {
  const auto settings = *rc::gen::container<std::array<std::uint8_t, WorldSettings::octets>>(
      rc::gen::resize(100, rc::gen::arbitrary<std::uint8_t>()));
  const std::string broken = ClusterWorld::run(octets_of(settings, *any_steps()));
  if (!broken.empty()) RC_FAIL(broken);
}

}  // namespace
}  // namespace mpsec::cluster
