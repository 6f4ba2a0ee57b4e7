#include "cluster/window_size.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

namespace mpsec::cluster {
namespace {

using namespace std::chrono_literals;

TEST(WindowNeeded, IsTheLeasesOfAllWorkersAndWhatASkewLetsPass) {
  EXPECT_EQ(window_needed({.workers = 4, .lease = 32, .skew = 10ms, .packets_per_second = 100'000}), 1128u);
  EXPECT_EQ(window_needed({.workers = 1, .lease = 0, .skew = 1ns, .packets_per_second = 1}), 1u)
      << "rounded up";
  EXPECT_EQ(window_needed({.workers = 2, .lease = 64, .skew = -5ms, .packets_per_second = 1'000'000}), 128u);
  EXPECT_EQ(window_needed({.workers = 2, .lease = 64, .skew = Duration::max(), .packets_per_second = ~0ull}),
            ~0ull);
}

RC_GTEST_PROP(WindowNeeded, RoundsUpByLessThanOne, ()) {
  const auto nanoseconds = *rc::gen::inRange<std::int64_t>(0, 10'000'000'000);
  const auto rate = *rc::gen::inRange<std::uint64_t>(0, 1'000'000'000'000);
  const auto exact = static_cast<long double>(nanoseconds) * static_cast<long double>(rate) / 1e9L;
  const auto need = window_needed({.skew = Duration(nanoseconds), .packets_per_second = rate});
  RC_ASSERT(static_cast<long double>(need) >= exact - 0.001L);
  RC_ASSERT(static_cast<long double>(need) < exact + 1.001L);
}

//= profile/6/window-size
TEST(CheckWindowSize, NamesNeedAndHave) {
  const Displacement displacement{.workers = 4, .lease = 32, .skew = 10ms, .packets_per_second = 100'000};
  EXPECT_TRUE(check_window_size(1128, displacement));
  const auto refused = check_window_size(1127, displacement);
  ASSERT_FALSE(refused);
  EXPECT_EQ(
      to_string(refused.error()),
      "anti-replay window: need 1128 numbers (4 workers x lease of 32 + 10000 us of skew x 100000 "
      "packets/s), "
      "have 1127: enlarge the window, or take shorter leases or paths of more equal delay (RFC 4303 3.4.3)");
  EXPECT_FALSE(check_window_size(31, {}));
}

}  // namespace
}  // namespace mpsec::cluster
