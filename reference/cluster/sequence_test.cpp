#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>
#include <set>
#include <vector>

#include "cluster/leased_sequence.hpp"
#include "cluster/shared_sequence.hpp"

namespace mpsec::cluster {
namespace {

using namespace std::chrono_literals;
using ipsec::SequenceCounter;

RC_GTEST_PROP(SharedSequence, GivesWhatASingleCounterGives, (const std::vector<std::uint8_t>& wants)) {
  const auto left = *rc::gen::inRange<std::uint64_t>(0, 1000);
  SharedSequence shared(false, 0xffffffff - left);
  SequenceCounter single(false, ipsec::AtLimit::stop, 0xffffffff - left);
  for (const std::uint32_t wanted : wants) {
    const auto expected = single.take(wanted), range = shared.take(wanted);
    RC_ASSERT(range.count == expected.count);
    if (range.count > 0) RC_ASSERT(range.first == expected.first);
    RC_ASSERT(shared.left() == single.left());
    RC_ASSERT(shared.last_used() == single.last_used());
  }
}

TEST(SharedSequence, StartsAtOneAndGoesOnBehindTheLastUsed) {
  EXPECT_EQ(SharedSequence(true).take(1).first, 1u);
  EXPECT_EQ(SharedSequence(true, 0xffffffff).take(3).first, 0x1'0000'0000u);
}

//= profile/4/never-cycles
//= profile/4/ends-before-2-to-32-without-esn
TEST(SharedSequence, NeverWrapsHoweverOftenItIsAskedAtItsEnd) {
  for (const bool extended : {false, true}) {
    SharedSequence sequence(extended, ~std::uint64_t{0});
    const std::uint64_t last = sequence.last_used();
    for (int i = 0; i < 1 << 18; ++i)
      ASSERT_EQ(sequence.take(~std::uint32_t{0}).count, 0u);
    EXPECT_EQ(sequence.last_used(), last);
    EXPECT_EQ(sequence.left(), 0u);
  }
  EXPECT_EQ(SharedSequence(true).left(), ~std::uint64_t{0} - SharedSequence::reserve + 1);
}

// Several workers with leases over one counter.
struct Workers {
  SharedSequence shared;
  std::vector<LeasedSequence> workers;
  Instant now{};
  std::set<std::uint64_t> sent;

  Workers(std::size_t count, const LeaseRules& rules, std::uint64_t last_used = 0)
      : shared(false, last_used) {
    for (std::size_t i = 0; i < count; ++i)
      workers.emplace_back(shared, rules);
  }
  // Takes as an SA does: again and again until it has enough or the source ends. False if a number came
  // twice.
  bool send(std::size_t worker, std::uint32_t packets) {
    workers[worker].begin_batch(now);
    while (packets > 0) {
      const auto range = workers[worker].take(packets);
      if (range.count == 0) break;
      for (std::uint32_t i = 0; i < range.count; ++i)
        if (!sent.insert(range.first + i).second) return false;
      packets -= range.count;
    }
    return true;
  }
};

//= profile/4/abandoned-numbers-are-never-sent
//= draft-zhang/3.2/any-method-to-get-numbers
RC_GTEST_PROP(LeasedSequence, SendsEachNumberOnceAndAccountsForAll, ()) {
  const LeaseRules rules{
      .numbers = *rc::gen::inRange(1u, 65u), .peer_window = *rc::gen::inRange(32u, 512u), .time = 50ns};
  const auto left = *rc::gen::inRange<std::uint64_t>(0, 5000);
  Workers cluster(*rc::gen::inRange<std::size_t>(1, 8), rules, 0xffffffff - left);
  const auto steps = *rc::gen::container<std::vector<std::tuple<std::uint8_t, std::uint8_t, std::uint8_t>>>(
      rc::gen::tuple(rc::gen::arbitrary<std::uint8_t>(), rc::gen::inRange<std::uint8_t>(0, 100),
                     rc::gen::inRange<std::uint8_t>(0, 30)));
  for (const auto& [who, packets, pause] : steps) {
    cluster.now += Duration(pause);
    const std::size_t worker = who % cluster.workers.size();
    RC_ASSERT(cluster.send(worker, packets));
    if (who > 250) cluster.workers[worker].abandon();
  }
  LeaseReport sum;
  for (const LeasedSequence& worker : cluster.workers) {
    const LeaseReport report = worker.report();
    RC_ASSERT(report.taken == report.sent + report.abandoned_behind + report.abandoned_by_time + report.held);
    RC_ASSERT(report.held < LeaseRules::largest);
    RC_ASSERT(report.taken <= report.leases * LeaseRules::largest);
    RC_ASSERT(report.largest_displacement <= rules.peer_window / 4);
    sum.taken += report.taken, sum.sent += report.sent;
  }
  RC_ASSERT(sum.taken == left - cluster.shared.left());
  RC_ASSERT(sum.sent == cluster.sent.size());
}

//= profile/4/lease-left-behind
TEST(LeasedSequence, AbandonsALeaseThatIsMoreThanAQuarterOfThePeersWindowBehind) {
  Workers cluster(2, {.numbers = 32, .peer_window = 400, .time = 1s});
  cluster.send(0, 2);   // 1 and 2; 3 to 32 held
  cluster.send(1, 64);  // up to 96
  cluster.send(1, 7);   // a lease up to 128 is taken
  cluster.workers[0].begin_batch(cluster.now);
  EXPECT_EQ(cluster.workers[0].report().abandoned_behind, 30u) << "3 is 125 behind 128";
  EXPECT_EQ(cluster.workers[0].take(1).first, 129u);
}

TEST(LeasedSequence, KeepsALeaseThatIsAQuarterOfThePeersWindowBehind) {
  Workers cluster(2, {.numbers = 32, .peer_window = 500, .time = 1s});
  cluster.send(0, 2);
  cluster.send(1, 64);
  cluster.send(1, 7);
  cluster.workers[0].begin_batch(cluster.now);
  EXPECT_EQ(cluster.workers[0].take(1).first, 3u) << "3 is 125 behind 128";
  EXPECT_EQ(cluster.workers[0].report().largest_displacement, 125u);
}

//= profile/4/lease-has-a-time
TEST(LeasedSequence, AbandonsALeaseWhoseTimeIsOver) {
  Workers cluster(1, {.numbers = 32, .peer_window = 1024, .time = 10ms});
  cluster.send(0, 2);
  cluster.now += 10ms - 1ns;
  cluster.send(0, 1);
  EXPECT_EQ(cluster.workers[0].report().abandoned_by_time, 0u);
  cluster.now += 1ns;
  cluster.send(0, 1);
  EXPECT_EQ(cluster.workers[0].report().abandoned_by_time, 29u);
  EXPECT_EQ(cluster.sent, (std::set<std::uint64_t>{1, 2, 3, 33}));
}

TEST(LeasedSequence, TakesOneLeaseForABatchThatIsLargerThanALease) {
  Workers cluster(1, {.numbers = 8});
  cluster.send(0, 60);
  EXPECT_EQ(cluster.workers[0].report().leases, 1u);
  EXPECT_EQ(cluster.workers[0].report().held, 0u);
}

TEST(LeasedSequence, GivesTheLastNumbersAndThenNone) {
  Workers cluster(1, {.numbers = 32}, 0xffffffff - 5);
  cluster.send(0, 64);
  EXPECT_EQ(cluster.sent.size(), 5u);
  EXPECT_EQ(*cluster.sent.rbegin(), 0xffffffffu);
  EXPECT_EQ(cluster.workers[0].left(), 0u);
}

//= profile/4/leases-of-at-most-64
TEST(LeaseRules, SaysWhichAreAllowed) {
  EXPECT_TRUE(LeaseRules{}.check());
  EXPECT_EQ(to_string(LeaseRules{.numbers = 65}.check().error()),
            "lease numbers: expected 1 to 64, found 65");
  EXPECT_TRUE(LeaseRules{.peer_window = 1u << 31}.check()) << "a peer may say so (SA_CLUSTER_JOIN)";
  EXPECT_EQ(to_string(LeaseRules{.peer_window = 31}.check().error()),
            "lease peer window: expected 32 to 2147483648, found 31");
  EXPECT_EQ(to_string(LeaseRules{.peer_window = (1u << 31) + 1}.check().error()),
            "lease peer window: expected 32 to 2147483648, found 2147483649");
  EXPECT_EQ(to_string(LeaseRules{.time = 0ns}.check().error()),
            "lease time: expected more than 0 ns, found 0 ns");
}

}  // namespace
}  // namespace mpsec::cluster
