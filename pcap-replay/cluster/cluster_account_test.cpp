// Over all SAs of a cluster: what is fresh, what is redundant, and what is a replay.
#include "pcap-replay/cluster/cluster_account.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>
#include <set>

namespace mpsec::replay {
namespace {

struct Book {
  explicit Book(const AccountOptions& options = {}, std::uint32_t members = 2) : account(options) {
    for (std::uint32_t i = 0; i < members; ++i)
      account.join();
  }
  SharedVerdict packet(std::uint32_t member, std::uint64_t number) {
    ++frame;
    return account.judge({member, number, frame, Instant(std::chrono::milliseconds(frame)), 100, 0});
  }

  ClusterAccount account;
  std::uint64_t frame = 0;
};

TEST(ClusterAccount, TellsRedundantFromReplayed) {
  Book book;
  EXPECT_EQ(book.packet(0, 1), SharedVerdict::fresh);
  EXPECT_EQ(book.packet(1, 1), SharedVerdict::redundant);
  EXPECT_EQ(book.packet(1, 3), SharedVerdict::fresh);
  EXPECT_EQ(book.packet(0, 2), SharedVerdict::fresh);
  EXPECT_EQ(book.packet(0, 2), SharedVerdict::replay);
  EXPECT_EQ(book.account.redundant(), 1u);
  EXPECT_EQ(book.account.replays(), 1u);
  ASSERT_EQ(book.account.repeats().size(), 2u);
  EXPECT_EQ(book.account.repeats()[0].first_frame, 1u);
  EXPECT_EQ(book.account.repeats()[0].frame, 2u);
  EXPECT_EQ(book.account.repeats()[1].first_frame, 4u);
  EXPECT_EQ(book.account.longest_apart(), std::chrono::milliseconds(1));
  EXPECT_EQ(book.account.members()[0].reordered, 1u);
  EXPECT_EQ(book.account.members()[1].in_order, 1u);
}

TEST(ClusterAccount, SaysWhichWindowWouldHaveHeld) {
  Book book({.replay_window = 32});
  for (std::uint64_t number = 2; number <= 100; ++number)
    book.packet(0, number);
  EXPECT_EQ(book.packet(1, 1), SharedVerdict::too_old);
  EXPECT_EQ(book.account.window_needed(), 100u);
  EXPECT_EQ(book.account.members()[1].most_behind, 99u);
  Book larger({.replay_window = 100});
  for (std::uint64_t number = 2; number <= 100; ++number)
    larger.packet(0, number);
  EXPECT_EQ(larger.packet(1, 1), SharedVerdict::fresh);
}

TEST(ClusterAccount, InfersHighHalvesFromTheCluster) {
  Book book;
  EXPECT_EQ(book.account.infer(0xffffff00), 0xffffff00u);
  book.packet(0, 0xffffff00);
  EXPECT_EQ(book.account.infer(5), 0x1'0000'0005u);
  book.packet(0, 0x1'0000'0005);
  EXPECT_EQ(book.account.infer(4), 0x1'0000'0004u);
  EXPECT_EQ(book.account.infer(0xfffffff0), 0xfffffff0u);
}

// Against two sets, one of all numbers and one for each member.
RC_GTEST_PROP(ClusterAccount, CountsLikeSets, ()) {
  const auto steps = *rc::gen::container<std::vector<std::pair<std::uint32_t, std::uint64_t>>>(
      rc::gen::pair(rc::gen::inRange<std::uint32_t>(0, 3), rc::gen::inRange<std::uint64_t>(1, 60)));
  Book book({.replay_window = 64}, 3);
  std::map<std::uint64_t, std::uint32_t> first;
  for (const auto& [member, number] : steps) {
    const auto [at, added] = first.emplace(number, member);
    const SharedVerdict expected = added                  ? SharedVerdict::fresh
                                   : at->second == member ? SharedVerdict::replay
                                                          : SharedVerdict::redundant;
    RC_ASSERT(book.packet(member, number) == expected);
  }
  RC_ASSERT(book.account.metrics().arrivals() == steps.size());
  std::uint64_t pairs = 0;
  for (const auto& [pair, count] : book.account.redundant_pairs())
    pairs += count;
  RC_ASSERT(pairs == book.account.redundant());
}

TEST(ClusterAccount, LateByMoreThanItRemembersPushesNothingOut) {
  Book book({.replay_window = 0, .reordering_bound = 64});
  for (std::uint64_t number = 100; number < 200; ++number)
    book.packet(0, number);
  EXPECT_EQ(book.packet(1, 199 - 64), SharedVerdict::fresh);  // nobody can tell
  EXPECT_EQ(book.packet(1, 199), SharedVerdict::redundant);
}

}  // namespace
}  // namespace mpsec::replay
