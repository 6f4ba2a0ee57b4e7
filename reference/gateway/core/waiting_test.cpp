#include "gateway/core/waiting.hpp"

#include <gtest/gtest.h>

namespace mpsec::gateway {
namespace {

using namespace std::chrono_literals;
using ipsec::PolicyId;

constexpr Waiting::Limits few{.packets = 3, .octets = 100, .octets_in_all = 150, .time = 2s};

TEST(Waiting, GivesBackWhatCameInItsOrder) {
  Waiting waiting(few);
  EXPECT_TRUE(waiting.hold(PolicyId{1}, Octets(10, 1), Instant{}));
  EXPECT_TRUE(waiting.hold(PolicyId{2}, Octets(10, 9), Instant{}));
  EXPECT_TRUE(waiting.hold(PolicyId{1}, Octets(20, 2), Instant{1s}));
  const auto taken = waiting.take(PolicyId{1});
  ASSERT_EQ(taken.packets.size(), 2u);
  EXPECT_EQ(taken.packets[0].octets(), Octets(10, 1));
  EXPECT_EQ(taken.packets[1].octets(), Octets(20, 2));
  EXPECT_TRUE(waiting.take(PolicyId{1}).packets.empty());
  EXPECT_EQ(waiting.take(PolicyId{2}).packets.size(), 1u);
  EXPECT_EQ(waiting.next_deadline(), std::nullopt);
}

TEST(Waiting, IsBoundedInPacketsAndOctets) {
  Waiting waiting(few);
  for (int i = 0; i < 3; ++i)
    EXPECT_TRUE(waiting.hold(PolicyId{1}, Octets(1), Instant{}));
  EXPECT_FALSE(waiting.hold(PolicyId{1}, Octets(1), Instant{})) << "packets of a policy";
  EXPECT_FALSE(waiting.hold(PolicyId{2}, Octets(101), Instant{})) << "octets of a policy";
  EXPECT_TRUE(waiting.hold(PolicyId{2}, Octets(100), Instant{}));
  EXPECT_FALSE(waiting.hold(PolicyId{3}, Octets(50), Instant{})) << "octets in all";
  waiting.take(PolicyId{2});
  EXPECT_TRUE(waiting.hold(PolicyId{3}, Octets(50), Instant{}));
}

TEST(Waiting, IsBoundedInTime) {
  Waiting waiting(few);
  EXPECT_TRUE(waiting.hold(PolicyId{1}, Octets(1), Instant{}));
  EXPECT_TRUE(waiting.hold(PolicyId{1}, Octets(1), Instant{1s}));
  EXPECT_TRUE(waiting.hold(PolicyId{2}, Octets(1), Instant{1s}));
  EXPECT_EQ(waiting.next_deadline(), Instant{2s});
  EXPECT_EQ(waiting.on_time(Instant{2s - 1ns}), 0u);
  EXPECT_EQ(waiting.on_time(Instant{2s}), 2u);
  EXPECT_EQ(waiting.next_deadline(), Instant{3s});
  EXPECT_EQ(waiting.give_up_all(), 1u);
  EXPECT_EQ(waiting.next_deadline(), std::nullopt);
}

TEST(Waiting, WhatIsPutBackGetsNoMoreTime) {
  Waiting waiting(few);
  EXPECT_TRUE(waiting.hold(PolicyId{1}, Octets(1), Instant{}));
  const auto taken = waiting.take(PolicyId{1});
  EXPECT_TRUE(waiting.hold_until(PolicyId{1}, taken.packets[0].octets(), taken.until));
  EXPECT_EQ(waiting.next_deadline(), Instant{2s});
}

}  // namespace
}  // namespace mpsec::gateway
