#include "ipsec/keepalive_timer.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

namespace mpsec::ipsec {
namespace {

using namespace std::chrono_literals;
constexpr Instant start{};

TEST(KeepaliveTimer, AsksForNothingWithoutAnSa) {
  KeepaliveTimer timer;
  timer.on_sent(start);
  EXPECT_FALSE(timer.next_deadline());
  EXPECT_FALSE(timer.on_time(start + 1h));
}

TEST(KeepaliveTimer, IsDueAfterTwentySecondsOfSilence) {
  //= rfc3948/4/keepalive-only-if-nothing-else-was-sent
  KeepaliveTimer timer;
  timer.on_sa_up(start);
  EXPECT_EQ(timer.next_deadline(), start + 20s);
  EXPECT_FALSE(timer.on_time(start + 20s - 1ns));
  timer.on_sent(start + 15s);
  EXPECT_EQ(timer.next_deadline(), start + 35s);
  EXPECT_FALSE(timer.on_time(start + 20s));
  EXPECT_TRUE(timer.on_time(start + 35s));
  EXPECT_FALSE(timer.on_time(start + 35s));
  EXPECT_EQ(timer.next_deadline(), start + 55s);
}

TEST(KeepaliveTimer, ALateCallAsksForOne) {
  KeepaliveTimer timer;
  timer.on_sa_up(start);
  EXPECT_TRUE(timer.on_time(start + 5min));
  EXPECT_EQ(timer.next_deadline(), start + 5min + 20s);
}

TEST(KeepaliveTimer, EndsSomeTimeAfterTheLastSa) {
  //= rfc3948/4/keepalives-end-some-time-after-the-last-sa
  KeepaliveTimer timer;
  timer.on_sa_up(start);
  timer.on_last_sa_gone(start);
  int sent = 0;
  Instant last = start;
  while (const auto due = timer.next_deadline()) {
    ASSERT_TRUE(timer.on_time(*due));
    last = *due;
    ++sent;
  }
  EXPECT_EQ(sent, 15);  // every 20 seconds for 5 minutes
  EXPECT_EQ(last, start + 5min);
  EXPECT_FALSE(timer.on_time(start + 1h));
}

TEST(KeepaliveTimer, DoesNotSendLateIntoTheVoid) {
  KeepaliveTimer timer;
  timer.on_sa_up(start);
  timer.on_last_sa_gone(start);
  EXPECT_FALSE(timer.on_time(start + 1h));
  timer.on_sa_up(start + 2h);
  EXPECT_TRUE(timer.next_deadline().has_value());
}

TEST(KeepaliveTimer, ANewSaGoesOn) {
  KeepaliveTimer timer;
  timer.on_sa_up(start);
  timer.on_last_sa_gone(start);
  timer.on_sa_up(start + 1min);
  EXPECT_TRUE(timer.on_time(start + 1h));
  EXPECT_TRUE(timer.on_time(start + 2h));
}

TEST(KeepaliveTimer, AnIntervalOfZeroMeansNever) {
  KeepaliveTimer timer({.interval = 0s});
  timer.on_sa_up(start);
  EXPECT_FALSE(timer.next_deadline());
  EXPECT_FALSE(timer.on_time(start + 1h));
}

RC_GTEST_PROP(KeepaliveTimer, NoSilenceIsLongerThanTheInterval, (std::vector<std::uint8_t> pauses)) {
  KeepaliveTimer timer;
  timer.on_sa_up(start);
  Instant now = start, last_sent = start;
  for (const std::uint8_t pause : pauses) {
    const Instant next = now + std::chrono::seconds(pause);
    while (timer.next_deadline() && *timer.next_deadline() <= next) {
      now = *timer.next_deadline();
      RC_ASSERT(timer.on_time(now));
      RC_ASSERT(now - last_sent == 20s);
      last_sent = now;
    }
    now = next;
    RC_ASSERT(now - last_sent < 20s);
    timer.on_sent(last_sent = now);
  }
}

}  // namespace
}  // namespace mpsec::ipsec
