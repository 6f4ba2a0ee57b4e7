// The embedded reference passes every case.
#include <gtest/gtest.h>

#include "crypto/openssl/openssl_ike_provider.hpp"
#include "crypto/openssl/openssl_provider.hpp"
#include "interop/suite/memory/memory_target.hpp"
#include "interop/suite/run_case.hpp"

namespace mpsec::conformance {
namespace {

TEST(Catalogue, TheReferencePasses) {
  const auto packets = crypto::make_openssl_provider();
  const auto ike = crypto::make_openssl_ike_provider();
  MemoryTarget target;
  EXPECT_FALSE(catalogue().empty());
  for (const Case& one : catalogue()) {
    const Outcome outcome = run_case(one, target, {*packets, *ike}, 1);
    std::string ladder;
    for (const Step& step : outcome.steps)
      ladder += step.text + "\n";
    EXPECT_EQ(outcome.verdict, Verdict::pass)
        << one.id << "\nexpected " << outcome.expected << "\nactual " << outcome.actual << "\n"
        << ladder << target.log();
  }
}

}  // namespace
}  // namespace mpsec::conformance
