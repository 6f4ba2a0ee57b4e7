// What the buffer promises of streams as clusters make them: paths that keep order and differ in delay,
// losses, numbers that nobody sends.
#include <algorithm>
#include <gtest/gtest.h>
#include <map>
#include <numeric>
#include <rapidcheck/gtest.h>
#include <set>

#include "base/rng.hpp"
#include "cluster/reorder_buffer.hpp"

namespace mpsec::cluster {
namespace {

using namespace std::chrono_literals;

struct Packet {
  std::uint64_t number;
  std::uint32_t path;
  std::uint64_t flow;
  Instant arrival;
};

struct Network {
  std::uint32_t paths = 4;
  std::uint64_t flows = 12;
  std::uint64_t flow_paths = 4;  // on how many paths a flow goes, in turns
  std::uint64_t loss = 0;        // one packet in so many; 0: none
  std::uint64_t abandoned = 0;   // one number in so many
  Duration skew = 5ms;           // of the slowest path
  Duration jitter = 1ms;
};

// In the order of arrival. A packet leaves each 10 us.
std::vector<Packet> stream(const Network& network, std::uint64_t numbers, std::uint64_t seed) {
  SeededRng rng(seed);
  const auto below = [&rng](Duration bound) {
    return Duration(rng.below(static_cast<std::uint64_t>(bound.count()) + 1));
  };
  std::vector<Duration> delays(network.paths);
  for (Duration& delay : delays)
    delay = below(network.skew);
  std::vector<Instant> path_ends(network.paths);
  std::vector<std::uint64_t> turns(network.flows);
  std::vector<Packet> packets;
  for (std::uint64_t number = 1; number <= numbers; ++number) {
    if (network.abandoned != 0 && rng.below(network.abandoned) == 0) continue;
    const std::uint64_t flow = rng.below(network.flows);
    const auto path = static_cast<std::uint32_t>((flow + turns[flow]++ % network.flow_paths) % network.paths);
    path_ends[path] =
        std::max(path_ends[path], Instant(10us * number) + delays[path] + below(network.jitter));
    if (network.loss != 0 && rng.below(network.loss) == 0) continue;
    packets.push_back({number, path, flow, path_ends[path]});
  }
  std::ranges::stable_sort(packets, {}, &Packet::arrival);
  return packets;
}

struct Left {
  Packet packet;
  Instant when;
};

// The packets as they leave a buffer that is called at each of its deadlines; flushed at the end.
std::vector<Left> through(ReorderBuffer<Packet>& buffer, const std::vector<Packet>& packets,
                          std::uint32_t paths) {
  std::vector<Left> left;
  Instant now{};
  const auto deliver = [&](Packet&& packet, SequenceNumber) { left.push_back({packet, now}); };
  const auto until = [&](Instant then) {
    while (buffer.next_deadline() && *buffer.next_deadline() <= then) {
      now = *buffer.next_deadline();
      buffer.on_time(now, deliver);
    }
    now = then;
  };
  std::vector<std::uint32_t> live(paths);
  std::iota(live.begin(), live.end(), 0u);
  RC_ASSERT(buffer.on_paths(live).has_value());
  for (const Packet& packet : packets) {
    until(packet.arrival);
    buffer.arrive(SequenceNumber(packet.number), packet.path, packet.flow, 100, Packet(packet), now, deliver);
  }
  until(now + 1h);
  return left;
}

bool rising(const std::vector<Left>& left) {
  return std::ranges::is_sorted(left, {}, [](const Left& one) { return one.packet.number; });
}

Duration longest_wait(const std::vector<Left>& left) {
  Duration longest{0};
  for (const auto& [packet, when] : left)
    longest = std::max(longest, when - packet.arrival);
  return longest;
}

Network drawn_network() {
  Network network;
  network.paths = *rc::gen::inRange<std::uint32_t>(1, 9);
  network.flow_paths = *rc::gen::inRange<std::uint64_t>(1, network.paths + 1);
  network.loss = *rc::gen::element<std::uint64_t>(0, 5, 50);
  network.abandoned = *rc::gen::element<std::uint64_t>(0, 5, 50);
  return network;
}

RC_GTEST_PROP(ReorderLaws, InOrderAndNeverHeldBeyondTheBoundUnderAnyPolicy, ()) {
  const Network network = drawn_network();
  const auto packets = stream(network, 400, *rc::gen::arbitrary<std::uint64_t>());
  const Duration bound = *rc::gen::element<Duration>(1us, 500us, 3ms, 50ms);
  std::unique_ptr<ReorderPolicy> policy;
  switch (*rc::gen::inRange(0, 3)) {
    case 0:
      policy = std::make_unique<ReleaseByTime>(*rc::gen::element<Duration>(0us, 200us, 10ms));
      break;
    case 1:
      policy = std::make_unique<ReleaseByGap>(*rc::gen::element<std::uint64_t>(1, 20, 300));
      break;
    default:
      policy = std::make_unique<AdaptiveRelease>(AdaptiveOptions{.period = 1ms});
  }
  ReorderBuffer<Packet> buffer(
      {.limits = {.time = bound}, .late = LatePackets::drop, .fifo_paths = *rc::gen::arbitrary<bool>()},
      std::move(policy));
  const auto left = through(buffer, packets, network.paths);
  RC_ASSERT(rising(left));
  RC_ASSERT(longest_wait(left) <= bound);
  RC_ASSERT(left.size() + buffer.counters().late_dropped == packets.size());
  RC_ASSERT(buffer.packets() == 0u);
}

// Patience as long as the skew and the jitter loses no order; losses and abandoned numbers cost that long at
// most.
RC_GTEST_PROP(ReorderLaws, EnoughPatienceMeansNoLatePacket, ()) {
  const Network network = drawn_network();
  const Duration enough = network.skew + network.jitter;
  ReorderBuffer<Packet> buffer({}, std::make_unique<ReleaseByTime>(enough));
  const auto left =
      through(buffer, stream(network, 400, *rc::gen::arbitrary<std::uint64_t>()), network.paths);
  RC_ASSERT(buffer.counters().late_delivered == 0u);
  RC_ASSERT(rising(left));
  RC_ASSERT(longest_wait(left) <= enough);
}

// The rule of paths that keep order never gives a number up that still comes, however patient the policy.
RC_GTEST_PROP(ReorderLaws, FifoPathsGiveUpOnlyWhatIsLost, ()) {
  const Network network = drawn_network();
  ReorderBuffer<Packet> buffer({.limits = {.time = 1min}, .fifo_paths = true},
                               std::make_unique<ReleaseByTime>(1min));
  const auto packets = stream(network, 400, *rc::gen::arbitrary<std::uint64_t>());
  const auto left = through(buffer, packets, network.paths);
  RC_ASSERT(buffer.counters().late_delivered == 0u);
  RC_ASSERT(left.size() == packets.size());
  RC_ASSERT(rising(left));
}

// And it gives it up as soon as it can be known: no packet waits for longer than the skew and a round of all
// paths.
TEST(ReorderLaws, FifoPathsGiveUpAsSoonAsAllPathsAreBeyond) {
  const Network network{.paths = 4, .flows = 1, .loss = 20};
  ReorderBuffer<Packet> buffer({.limits = {.time = 1min}, .fifo_paths = true},
                               std::make_unique<ReleaseByTime>(1min));
  auto left = through(buffer, stream(network, 5000, 1), network.paths);
  std::erase_if(left, [](const Left& one) { return one.packet.number > 4900; });  // then nothing follows
  EXPECT_GT(buffer.counters().of(ReleaseCause::fifo), 100u);
  EXPECT_LE(longest_wait(left), network.skew + network.jitter + 1ms);
}

// Each flow on one path: once that is learnt nothing waits for another path's gaps, and every flow is in
// order.
//= profile/7/per-flow
RC_GTEST_PROP(ReorderLaws, AFlowOnOnePathNeverWaits, ()) {
  Network network = drawn_network();
  network.flow_paths = 1;
  ReorderBuffer<Packet> buffer({.fifo_paths = true, .flows = {.buckets = 16, .learning = 0}},
                               std::make_unique<ReleaseByTime>(100ms));
  const auto packets = stream(network, 400, *rc::gen::arbitrary<std::uint64_t>());
  const auto left = through(buffer, packets, network.paths);
  RC_ASSERT(left.size() == packets.size());
  RC_ASSERT(longest_wait(left) == Duration::zero());
  RC_ASSERT(buffer.counters().late_delivered == 0u);
  std::map<std::uint64_t, std::uint64_t> last;
  for (const auto& [packet, when] : left)
    RC_ASSERT(std::exchange(last[packet.flow], packet.number) < packet.number);
}

// Each flow on some paths in turns: what is late all the same was under way on a path when the flow was first
// seen there, and had been overtaken before that.
RC_GTEST_PROP(ReorderLaws, AFlowOnSomePathsKeepsItsOrder, ()) {
  Network network = drawn_network();
  network.flows = 8;
  ReorderBuffer<Packet> buffer(
      {.limits = {.time = 1min}, .fifo_paths = true, .flows = {.buckets = 8, .learning = 4, .memory = 1min}},
      std::make_unique<ReleaseByTime>(1min));
  const auto packets = stream(network, 1000, *rc::gen::arbitrary<std::uint64_t>());
  std::map<std::pair<std::uint64_t, std::uint32_t>, Instant> first_seen;  // by flow and path
  for (const Packet& packet : packets)
    first_seen.emplace(std::pair(packet.flow, packet.path), packet.arrival);
  const auto left = through(buffer, packets, network.paths);
  std::map<std::uint64_t, std::vector<Left>> before;  // of the flow
  std::uint64_t late = 0;
  for (const Left& one : left) {
    const Instant known = first_seen.at({one.packet.flow, one.packet.path});
    const auto above = [&one](const Left& earlier) { return earlier.packet.number > one.packet.number; };
    const auto above_before = [&](const Left& earlier) { return above(earlier) && earlier.when <= known; };
    const bool overtaken = std::ranges::any_of(before[one.packet.flow], above);
    RC_ASSERT(overtaken == std::ranges::any_of(before[one.packet.flow], above_before));
    late += overtaken ? 1 : 0;
    before[one.packet.flow].push_back(one);
  }
  RC_ASSERT(late == buffer.counters().late_delivered);
  RC_CLASSIFY(late != 0, "some late");
  RC_CLASSIFY(buffer.counters().passed != 0, "some passed");
}

// A flow moves to a faster path: what is still on the old one is waited for.
TEST(ReorderLaws, AFlowThatMovesKeepsItsOrder) {
  ReorderBuffer<int> buffer({.fifo_paths = true, .flows = {.buckets = 4, .learning = 2}},
                            std::make_unique<ReleaseByTime>(100ms));
  std::vector<std::uint64_t> left;
  const auto arrive = [&](std::uint64_t number, std::uint32_t path, std::uint64_t flow) {
    buffer.arrive(SequenceNumber(number), path, flow, 100, 0, Instant{},
                  [&](int&&, SequenceNumber gone) { left.push_back(gone.value); });
    return std::exchange(left, {});
  };
  const std::uint32_t live[] = {0, 1, 2};  // nothing comes on the last: not all paths are beyond a gap
  ASSERT_TRUE(buffer.on_paths(live));
  for (std::uint64_t number = 1; number <= 3; ++number)
    arrive(number, 0, 7);
  EXPECT_EQ(arrive(5, 1, 7), std::vector<std::uint64_t>());        // 4 may be on the old path, ...
  EXPECT_EQ(arrive(6, 0, 2), std::vector<std::uint64_t>());        // (another flow, not learnt yet)
  EXPECT_EQ(arrive(7, 1, 7), (std::vector<std::uint64_t>{5, 7}));  // ... and now cannot be
}

// Moves back and forth between delays; the hold of the adaptive policy follows.
class Adaptive : public testing::Test {
 protected:
  // Every millisecond a packet is late by `lateness`.
  void run(Duration time, std::uint32_t path, Duration lateness) {
    for (const Instant end = now + time; now < end; now += 1ms)
      policy.on_late(path, lateness, now);
  }
  Duration hold() { return policy.patience(now).time; }

  Instant now{};
  AdaptiveRelease policy{{.least = 500us, .bound = 50ms, .margin = 2ms, .period = 10ms, .paths = 2}};
};

TEST_F(Adaptive, IsAsPatientAsAllowedUntilAPeriodHasEnded) {
  EXPECT_EQ(hold(), 50ms);
  now += 10ms;
  EXPECT_EQ(hold(), 2ms);
}

TEST_F(Adaptive, RisesAtOnceAndFallsInSomePeriods) {
  run(50ms, 0, 3ms);
  EXPECT_EQ(hold(), 5ms);
  policy.on_late(0, 20ms, now);
  EXPECT_EQ(hold(), 22ms);
  run(20ms, 0, 3ms);
  EXPECT_GT(hold(), 15ms);
  run(200ms, 0, 3ms);
  EXPECT_LT(hold(), 5ms + 200us);
  EXPECT_GE(hold(), 5ms);
}

TEST_F(Adaptive, FollowsTheLatestPathAlone) {
  run(100ms, 0, 8ms);
  run(5ms, 1, 1ms);
  EXPECT_EQ(hold(), 10ms);
  EXPECT_EQ(policy.lateness(0), 8ms);
  EXPECT_EQ(policy.lateness(1), 1ms);
}

//= profile/7/adaptive-within-the-bound
TEST_F(Adaptive, WhoDelaysAPathRaisesTheHoldToTheBoundAndForSomePeriods) {
  run(100ms, 0, 3ms);
  run(100ms, 1, 1h);
  EXPECT_EQ(hold(), 50ms);
  run(300ms, 0, 3ms);
  EXPECT_LT(hold(), 6ms);
}

TEST_F(Adaptive, UnnamedPathsCountAsTheLast) {
  hold();
  now += 10ms;
  policy.on_late(70000, 9ms, now);
  EXPECT_EQ(hold(), 11ms);
  EXPECT_EQ(policy.lateness(1), 9ms);
}

TEST(AdaptiveOptions, SaysWhichFieldIsUnfit) {
  const auto why = [](const AdaptiveOptions& options) {
    const auto checked = AdaptiveRelease::check(options);
    return checked ? "" : to_string(checked.error());
  };
  EXPECT_EQ(why({}), "");
  EXPECT_EQ(why({.least = 2us, .bound = 1us, .margin = 0us}),
            "adaptive reordering/least: expected 0 to the bound of 1000 ns, found 2000 ns");
  EXPECT_EQ(why({.bound = 1us, .margin = 2us}),
            "adaptive reordering/margin: expected 0 to the bound of 1000 ns, found 2000 ns");
  EXPECT_EQ(why({.period = 0us}), "adaptive reordering/period: expected more than 0, found 0 ns");
  EXPECT_EQ(why({.paths = 257}), "adaptive reordering/paths: expected 1 to 256, found 257");
}

// In a buffer: the hold settles at the skew of the paths, so that nothing is late; losses do not raise it.
TEST(ReorderLaws, TheAdaptivePolicySettlesAtTheSkew) {
  auto owned = std::make_unique<AdaptiveRelease>(AdaptiveOptions{.margin = 1ms, .period = 20ms});
  AdaptiveRelease& policy = *owned;
  const Network network{.paths = 4, .flows = 1, .loss = 10, .skew = 5ms, .jitter = 500us};
  ReorderBuffer<Packet> buffer({}, std::move(owned));
  const auto packets = stream(network, 50'000, 4);
  const auto left = through(buffer, packets, network.paths);
  EXPECT_LE(buffer.counters().late_delivered, 5u);
  EXPECT_LE(policy.lateness(0) + 1ms, 7ms);
  auto settled = left;
  std::erase_if(settled, [](const Left& one) { return one.packet.number < 10'000; });
  EXPECT_LE(longest_wait(settled), network.skew + network.jitter + 1ms);
}

}  // namespace
}  // namespace mpsec::cluster
