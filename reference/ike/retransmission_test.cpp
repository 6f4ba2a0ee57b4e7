#include "ike/retransmission.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

namespace mpsec::ike {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

TEST(ExponentialBackOff, DoublesUpToTheLimitThenGivesUp) {
  SeededRng rng(1);
  const ExponentialBackOff policy(
      {.first = seconds(1), .factor = 2, .limit = seconds(5), .tries = 5, .jitter = 0});
  const int expected[] = {1, 2, 4, 5, 5};
  for (unsigned attempt = 0; attempt < 5; ++attempt)
    EXPECT_EQ(policy.wait(attempt, rng), seconds(expected[attempt])) << attempt;
  EXPECT_FALSE(policy.wait(5, rng));
  EXPECT_FALSE(policy.wait(~0u, rng));
}

//= rfc7296/2.4/a-dozen-tries-over-minutes
TEST(ExponentialBackOff, ByDefaultTriesADozenTimesOverMinutes) {
  SeededRng rng(1);
  const ExponentialBackOff policy;
  Duration all{};
  unsigned attempt = 0;
  while (const auto wait = policy.wait(attempt, rng)) {
    all += *wait;
    ++attempt;
  }
  EXPECT_GE(attempt, 12u);
  EXPECT_GE(all, std::chrono::minutes(4));
  EXPECT_LE(all, std::chrono::minutes(5));
}

RC_GTEST_PROP(ExponentialBackOff, JitterOnlyLengthensAndOnlyByItsPart, (std::uint64_t seed, std::uint8_t n)) {
  SeededRng rng(seed);
  const ExponentialBackOff::Settings plain{
      .first = milliseconds(300), .factor = 1.7, .tries = 20, .jitter = 0};
  auto with_jitter = plain;
  with_jitter.jitter = 0.25;
  const auto base = ExponentialBackOff(plain).wait(n % 20, rng);
  const auto wait = ExponentialBackOff(with_jitter).wait(n % 20, rng);
  RC_ASSERT(base && wait);
  RC_ASSERT(*wait >= *base && *wait <= *base + *base / 4);
}

}  // namespace
}  // namespace mpsec::ike
