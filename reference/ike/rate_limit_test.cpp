#include "ike/rate_limit.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

namespace mpsec::ike {
namespace {

using std::chrono::milliseconds;

Instant at(int milli) {
  return Instant(milliseconds(milli));
}

TEST(RateLimit, LetsABurstThroughThenOneAnInterval) {
  RateLimit limit({.interval = milliseconds(100), .burst = 3});
  int allowed = 0;
  for (int i = 0; i < 10; ++i)
    allowed += limit.allow(at(0));
  EXPECT_EQ(allowed, 3);
  EXPECT_FALSE(limit.allow(at(99)));
  EXPECT_TRUE(limit.allow(at(100)));
  EXPECT_FALSE(limit.allow(at(199)));
  EXPECT_FALSE(limit.allow(at(50))) << "time that goes back gives nothing";
}

TEST(RateLimit, KnowsNeverAndAlways) {
  RateLimit never({.interval = milliseconds(1), .burst = 0});
  RateLimit always({.interval = Duration::zero(), .burst = 1});
  EXPECT_FALSE(never.allow(at(1'000'000)));
  for (int i = 0; i < 1000; ++i)
    EXPECT_TRUE(always.allow(at(0)));
}

// The textbook's bucket of tokens, in thousandths of a token.
RC_GTEST_PROP(RateLimit, IsABucketOfTokens, ()) {
  const int interval = *rc::gen::inRange(1, 50);
  const auto burst = *rc::gen::inRange(1u, 6u);
  RateLimit limit({.interval = milliseconds(interval), .burst = burst});
  const long full = static_cast<long>(burst) * interval;  // one token costs `interval` milliseconds
  long bucket = full;
  int now = 0;
  for (const int step : *rc::gen::container<std::vector<int>>(rc::gen::inRange(0, 40))) {
    now += step;
    bucket = std::min(full, bucket + step);
    const bool expected = bucket >= interval;
    if (expected) bucket -= interval;
    RC_ASSERT(limit.allow(at(now)) == expected);
  }
}

}  // namespace
}  // namespace mpsec::ike
