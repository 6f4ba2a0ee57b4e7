#include "cluster/reorder_buffer.hpp"

#include <functional>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <memory>

namespace mpsec::cluster {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;

constexpr Instant at(Duration since) {
  return Instant(since);
}

// A buffer of packets that cannot be copied, and the numbers that leave it.
class Bench {
 public:
  explicit Bench(const ReorderOptions& options = {},
                 std::unique_ptr<ReorderPolicy> policy = std::make_unique<ReleaseByTime>(10ms))
      : buffer(options, std::move(policy)) {}

  // The numbers that left during the call.
  std::vector<std::uint64_t> arrive(std::uint64_t number, Duration now = 0ms, std::uint32_t path = 0) {
    buffer.arrive(SequenceNumber(number), path, 0, 100, std::make_unique<std::uint64_t>(number), at(now),
                  deliver_);
    return std::exchange(left_, {});
  }
  std::vector<std::uint64_t> resolve(std::uint64_t number, Duration now = 0ms, std::uint32_t path = 0) {
    buffer.resolve(SequenceNumber(number), path, at(now), deliver_);
    return std::exchange(left_, {});
  }
  std::vector<std::uint64_t> on_time(Duration now) {
    buffer.on_time(at(now), deliver_);
    return std::exchange(left_, {});
  }
  std::vector<std::uint64_t> flush(Duration now) {
    buffer.flush(at(now), deliver_);
    return std::exchange(left_, {});
  }

  ReorderBuffer<std::unique_ptr<std::uint64_t>> buffer;

 private:
  std::vector<std::uint64_t> left_;
  std::function<void(std::unique_ptr<std::uint64_t>&&, SequenceNumber)> deliver_ =
      [this](auto&& packet, SequenceNumber number) {
        EXPECT_EQ(*packet, number.value);
        left_.push_back(number.value);
      };
};

TEST(ReorderBuffer, HoldsWhatComesTooEarlyUntilTheGapIsFilled) {
  Bench bench;
  EXPECT_THAT(bench.arrive(1), ElementsAre(1));
  EXPECT_THAT(bench.arrive(3), ElementsAre());
  EXPECT_THAT(bench.arrive(4), ElementsAre());
  EXPECT_EQ(bench.buffer.packets(), 2u);
  EXPECT_EQ(bench.buffer.octets(), 200u);
  EXPECT_THAT(bench.arrive(2), ElementsAre(2, 3, 4));
  EXPECT_EQ(bench.buffer.packets(), 0u);
  EXPECT_EQ(bench.buffer.counters().of(ReleaseCause::filled), 2u);
  EXPECT_EQ(bench.buffer.next_deadline(), std::nullopt);
}

//= profile/7/what-resolves-a-number
TEST(ReorderBuffer, ADummyOrADiscardFillsTheGapToo) {
  Bench bench;
  bench.arrive(2);
  bench.arrive(4);
  EXPECT_THAT(bench.resolve(1), ElementsAre(2));
  EXPECT_THAT(bench.resolve(3), ElementsAre(4));
  EXPECT_THAT(bench.resolve(5), ElementsAre());
  EXPECT_THAT(bench.arrive(6), ElementsAre(6));
}

TEST(ReorderBuffer, ReleasesByTimeAndNotBefore) {
  Bench bench;
  bench.arrive(3, 1ms);
  bench.arrive(5, 4ms);
  EXPECT_EQ(bench.buffer.next_deadline(), at(11ms));
  EXPECT_THAT(bench.on_time(11ms - 1ns), ElementsAre());
  EXPECT_THAT(bench.on_time(11ms), ElementsAre(3));
  EXPECT_EQ(bench.buffer.next_deadline(), at(14ms));
  EXPECT_THAT(bench.on_time(14ms), ElementsAre(5));
  EXPECT_EQ(bench.buffer.counters().of(ReleaseCause::time), 2u);
  EXPECT_EQ(bench.buffer.counters().given_up, 3u);
  EXPECT_EQ(bench.buffer.counters().longest_hold, 10ms);
}

TEST(ReorderBuffer, ReleasesByGap) {
  Bench bench({}, std::make_unique<ReleaseByGap>(3));
  bench.arrive(2);
  EXPECT_THAT(bench.arrive(3), ElementsAre());
  EXPECT_THAT(bench.arrive(4), ElementsAre(2, 3, 4));
  EXPECT_EQ(bench.buffer.counters().of(ReleaseCause::gap), 3u);
}

//= profile/7/optional
TEST(ReorderBuffer, NoneDeliversAtOnceWhateverTheOptionsSay) {
  Bench bench({.late = LatePackets::drop}, std::make_unique<NoReordering>());
  EXPECT_THAT(bench.arrive(3), ElementsAre(3));
  EXPECT_THAT(bench.arrive(1), ElementsAre(1));
  EXPECT_THAT(bench.arrive(2), ElementsAre(2));
  EXPECT_EQ(bench.buffer.counters().late_delivered, 2u);
}

//= profile/7/late-packets
TEST(ReorderBuffer, LatePacketsAreDeliveredOrDroppedAsStated) {
  for (const LatePackets late : {LatePackets::deliver, LatePackets::drop}) {
    Bench bench({.late = late});
    bench.arrive(3);
    bench.flush(0ms);
    const bool delivers = late == LatePackets::deliver;
    EXPECT_EQ(bench.arrive(2).size(), delivers ? 1u : 0u);
    EXPECT_EQ(bench.buffer.counters().late_delivered, delivers ? 1u : 0u);
    EXPECT_EQ(bench.buffer.counters().late_dropped, delivers ? 0u : 1u);
  }
}

//= profile/7/nothing-twice
TEST(ReorderBuffer, ACopyIsDroppedWhereverItsFirstWent) {
  Bench bench;
  bench.arrive(1);   // delivered
  bench.arrive(3);   // held
  bench.resolve(5);  // accounted for
  for (const std::uint64_t number : {1u, 3u, 5u})
    EXPECT_THAT(bench.arrive(number), ElementsAre());
  bench.flush(0ms);
  EXPECT_THAT(bench.arrive(2), ElementsAre(2));  // late
  EXPECT_THAT(bench.arrive(2), ElementsAre());
  EXPECT_EQ(bench.buffer.counters().duplicates, 4u);
}

TEST(ReorderBuffer, WhatIsTooFarBelowToTellFromACopyIsDropped) {
  Bench bench({.limits = {.span = 128}, .first = SequenceNumber(1000)});
  EXPECT_THAT(bench.arrive(872), ElementsAre(872));
  EXPECT_THAT(bench.arrive(871), ElementsAre());
  EXPECT_EQ(bench.buffer.counters().beyond_reach, 1u);
}

//= profile/7/bounded
TEST(ReorderBuffer, LimitsReleaseTheLowestNumbersAndDropNone) {
  Bench packets({.limits = {.packets = 2}});
  packets.arrive(5);
  packets.arrive(7);
  EXPECT_THAT(packets.arrive(3), ElementsAre(3));
  EXPECT_EQ(packets.buffer.counters().of(ReleaseCause::packets), 1u);
  EXPECT_EQ(packets.buffer.packets(), 2u);

  Bench octets({.limits = {.octets = 250}});
  octets.arrive(5);
  octets.arrive(7);
  EXPECT_THAT(octets.arrive(9), ElementsAre(5));
  EXPECT_EQ(octets.buffer.counters().of(ReleaseCause::octets), 1u);
  EXPECT_EQ(octets.buffer.counters().most_octets, 200u);
}

TEST(ReorderBuffer, ANumberBeyondTheSpanPushesTheLowestOut) {
  Bench bench({.limits = {.span = 128}});
  bench.arrive(3);
  bench.arrive(100);
  EXPECT_THAT(bench.arrive(131), ElementsAre(3));
  EXPECT_EQ(bench.buffer.next(), SequenceNumber(4));
  EXPECT_THAT(bench.arrive(1'000'000), ElementsAre(100, 131));
  EXPECT_EQ(bench.buffer.counters().of(ReleaseCause::span), 3u);
  EXPECT_EQ(bench.buffer.next(), SequenceNumber(1'000'000 - 127));
}

TEST(ReorderBuffer, MayJoinMidway) {
  Bench bench({.first = std::nullopt});
  const std::uint64_t first = (std::uint64_t{7} << 32) + 5;
  EXPECT_THAT(bench.arrive(first), ElementsAre(first));
  EXPECT_THAT(bench.arrive(first + 2), ElementsAre());
  EXPECT_THAT(bench.arrive(first - 1), ElementsAre(first - 1));  // late
  EXPECT_THAT(bench.arrive(first + 1), ElementsAre(first + 1, first + 2));
}

TEST(ReorderBuffer, WorksUpToTheLastNumberAndRefusesTheOneBeyond) {
  Bench bench({.limits = {.span = 128}, .first = SequenceNumber(UINT64_MAX - 2)});
  EXPECT_THAT(bench.arrive(UINT64_MAX - 1), ElementsAre());
  EXPECT_THAT(bench.arrive(UINT64_MAX), ElementsAre());
  EXPECT_THAT(bench.arrive(UINT64_MAX - 2), ElementsAre(UINT64_MAX - 2, UINT64_MAX - 1));
  EXPECT_THAT(bench.arrive(UINT64_MAX), ElementsAre());
  EXPECT_EQ(bench.buffer.counters().beyond_reach, 2u);
  EXPECT_EQ(bench.buffer.next(), SequenceNumber(UINT64_MAX));
}

TEST(ReorderBuffer, FifoPathsTellALostNumber) {
  Bench bench({.fifo_paths = true});
  const std::uint32_t live[] = {4, 9};
  ASSERT_TRUE(bench.buffer.on_paths(live));
  EXPECT_THAT(bench.arrive(2, 0ms, 4), ElementsAre());
  EXPECT_THAT(bench.arrive(4, 0ms, 4), ElementsAre());
  EXPECT_THAT(bench.arrive(3, 0ms, 9), ElementsAre(2, 3, 4));  // 1 is lost: both are beyond it
  EXPECT_EQ(bench.buffer.counters().of(ReleaseCause::fifo), 3u);
  EXPECT_THAT(bench.arrive(7, 0ms, 9), ElementsAre());
  EXPECT_THAT(bench.resolve(6, 0ms, 4), ElementsAre(7));  // a dummy shows it too; 5 is lost
}

TEST(ReorderBuffer, APathThatIsNewOrSilentIsWaitedFor) {
  Bench bench({.fifo_paths = true});
  const std::uint32_t one[] = {0}, two[] = {0, 1};
  ASSERT_TRUE(bench.buffer.on_paths(one));
  EXPECT_THAT(bench.arrive(2, 0ms, 0), ElementsAre(2));  // 1 can't come any more
  ASSERT_TRUE(bench.buffer.on_paths(two));
  EXPECT_THAT(bench.arrive(4, 0ms, 0), ElementsAre());
  ASSERT_TRUE(bench.buffer.on_paths(one));
  EXPECT_THAT(bench.on_time(0ms), ElementsAre(4));
}

TEST(ReorderBuffer, RefusesPathsBeyondTheLargestAndThenTakesNothingForLost) {
  Bench bench({.fifo_paths = true});
  const std::uint32_t known[] = {1}, paths[] = {1, 65536};
  ASSERT_TRUE(bench.buffer.on_paths(known));
  const auto refused = bench.buffer.on_paths(paths);
  ASSERT_FALSE(refused);
  EXPECT_EQ(to_string(refused.error()), "reordering/paths: expected paths below 65536, found 65536");
  EXPECT_THAT(bench.arrive(2, 0ms, 1), ElementsAre());
}

TEST(ReorderOptions, SaysWhichLimitIsUnfit) {
  const auto why = [](const ReorderOptions& options) {
    const auto checked = ReorderOptions::check(options);
    return checked ? "" : to_string(checked.error());
  };
  EXPECT_EQ(why({}), "");
  EXPECT_EQ(why({.limits = {.packets = 0}}), "reordering/packets: expected 1 to 1048576, found 0");
  EXPECT_EQ(why({.limits = {.octets = 0}}), "reordering/octets: expected at least 1, found 0");
  EXPECT_EQ(why({.limits = {.time = 0ms}}), "reordering/time: expected 1 to 60000000000 ns, found 0 ns");
  EXPECT_EQ(why({.limits = {.span = 1000}}),
            "reordering/span: expected a power of two from 128 to 16777216, found 1000");
}

}  // namespace
}  // namespace mpsec::cluster
