#include "cluster/sa_cluster.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <set>

#include "cluster/test_cluster.hpp"

namespace mpsec::cluster {
namespace {

using namespace test;
using namespace std::chrono_literals;
using ipsec::Discard;
using testing::HasSubstr;

// Every packet by the first path, and a copy by the second.
class AlwaysTwo final : public PathScheduler {
 public:
  void on_paths(std::span<const PathView> paths) override { count_ = paths.size(); }
  Choice choose(std::uint64_t, std::uint32_t wanted) noexcept override {
    Choice choice{0, wanted, std::nullopt};
    if (count_ > 1) choice.copy = 1;
    return choice;
  }

 private:
  std::size_t count_ = 0;
};

template <class Kind>
std::vector<Kind> of_kind(const std::vector<ClusterEvent>& events) {
  std::vector<Kind> found;
  for (const auto& event : events)
    if (const auto* kind = std::get_if<Kind>(&event)) found.push_back(*kind);
  return found;
}

// --- one source, one window

//= profile/4/numbers-are-unique
//= draft-zhang/3.1/numbers-are-unique
//= draft-zhang/3.1/one-sequence-source
//= profile/4/first-number-is-one
//= profile/4/in-steps-of-one
TEST(SaCluster, NumbersAreUniqueOverAllSubSas) {
  Pair pair(3);
  std::set<Spi> spis;
  for (std::uint64_t number = 1; number <= 9; ++number) {
    const auto sent = pair.send();
    EXPECT_EQ(sent.number, number);
    spis.insert(sent.spi());
    const auto received = pair.receiver.receive(sent.packet);
    EXPECT_TRUE(received.delivered);
    EXPECT_EQ(received.number, number);
  }
  EXPECT_EQ(spis.size(), 3u);
}

//= profile/6/one-window
//= draft-zhang/3.3/one-window-for-all-members
//= draft-zhang/3.3/check-is-against-the-cluster
TEST(SaCluster, AReplayIsFoundUnderWhicheverSubSaItCame) {
  Pair pair(2);
  const auto one = pair.send(), two = pair.send();
  EXPECT_TRUE(pair.receiver.receive(two.packet).delivered);
  EXPECT_TRUE(pair.receiver.receive(one.packet).delivered);
  EXPECT_FALSE(pair.receiver.receive(one.packet).delivered);
  EXPECT_FALSE(pair.receiver.receive(two.packet).delivered);
  EXPECT_EQ(pair.receiver.path().discards()[Discard::replay_duplicate], 2u);
}

//= profile/6/decision-after-the-icv
TEST(SaCluster, ANumberFarAheadUnderABadIcvMovesNothing) {
  Pair pair(2);
  auto forged = pair.send();
  const auto honest = pair.send();
  store_be<std::uint32_t>(forged.packet.data() + 24, 1'000'000);
  EXPECT_FALSE(pair.receiver.receive(forged.packet).delivered);
  EXPECT_EQ(pair.receiver.path().discards()[Discard::integrity_failed], 1u);
  EXPECT_EQ(pair.receiver.cluster().core()->window()->top(), 0u);
  EXPECT_TRUE(pair.receiver.receive(honest.packet).delivered);
}

//= profile/6/sub-sa-by-spi-and-address
//= draft-zhang/3.3/member-found-by-spi-and-address
TEST(SaCluster, ThePacketOfOneSubSaIsNotAnothers) {
  Pair pair(2);
  auto sent = pair.send();
  store_be<std::uint32_t>(sent.packet.data() + 20, sent.spi().value == 0x1001 ? 0x1002 : 0x1001);
  EXPECT_FALSE(pair.receiver.receive(sent.packet).delivered);
  EXPECT_EQ(pair.receiver.path().discards()[Discard::integrity_failed], 1u);
}

// --- ESN

//= profile/6/high-half-from-the-clusters-top
TEST(SaCluster, ALateJoinersFirstPacketIsReadWithTheClustersHighHalf) {
  ClusterParameters parameters = plain_cluster();
  parameters.last_sequence_number = (std::uint64_t{3} << 32) - 2;
  Pair pair(1, parameters);
  pair.receiver.cluster().core()->window()->resynchronise(parameters.last_sequence_number);
  for (int i = 0; i < 4; ++i)  // over the border of a high half
    EXPECT_TRUE(pair.receiver.receive(pair.send().packet).delivered);
  pair.join(2);
  for (int i = 0; i < 2; ++i) {
    const auto sent = pair.send();
    const auto received = pair.receiver.receive(sent.packet);
    EXPECT_TRUE(received.delivered) << i;
    EXPECT_EQ(received.number, sent.number);
    EXPECT_EQ(received.number >> 32, 3u);
  }
}

// --- membership

//= draft-zhang/3.1/joining-under-traffic
//= draft-zhang/3.1/members-are-added-one-by-one
TEST(SaCluster, ANewSubSaJoinsUnderTrafficAndNothingIsLost) {
  Pair pair(1);
  for (std::uint32_t index = 2; index <= 20; ++index) {
    const auto on_its_way = pair.send();
    pair.join(index);
    EXPECT_TRUE(pair.receiver.receive(on_its_way.packet).delivered);
    EXPECT_TRUE(pair.receiver.receive(pair.send().packet).delivered);
  }
  EXPECT_EQ(pair.receiver.path().discards().total(), 0u);
  EXPECT_EQ(pair.sender.path().discards().total(), 0u);
}

//= profile/4/counter-outlives-sub-sas
TEST(SaCluster, ARekeyedSubSaGoesOnWithTheClustersNumbers) {
  Pair pair(1);
  const auto before = pair.send();
  pair.join(2);  // the new one, before the old leaves
  EXPECT_TRUE(pair.sender.cluster().leave(SubSaId{1}));
  const auto after = pair.send();
  EXPECT_EQ(after.number, before.number + 1);
  EXPECT_EQ(after.spi(), Spi{0x1002});
  EXPECT_TRUE(pair.receiver.receive(after.packet).delivered);
  EXPECT_TRUE(pair.receiver.receive(before.packet).delivered);  // the receiver keeps the old one until told
  EXPECT_TRUE(pair.receiver.cluster().leave(SubSaId{1}));
  EXPECT_FALSE(pair.receiver.receive(before.packet).delivered);
  EXPECT_EQ(pair.receiver.path().discards()[Discard::unknown_spi], 1u);
}

//= profile/3/lifetimes-are-the-sub-sas
//= draft-zhang/3.4/members-have-lifetimes
//= draft-zhang/3.4/invalid-member-is-not-used
TEST(SaCluster, OneThatReachesItsHardLimitInARunGivesTheRestToAnother) {
  Pair pair(1);
  auto limited = outbound_parameters(pair.sender.cluster().parameters(), 2);
  limited.lifetime.hard.packets = 5;
  ASSERT_TRUE(pair.sender.cluster().join(SubSaId{2}, std::move(limited)));
  ASSERT_TRUE(pair.receiver.join(2));
  pair.sender.cluster().note_path(SubSaId{1}, {.alive = false});
  std::set<std::uint64_t> delivered;
  for (const auto& sent : pair.sender.send_batch(32)) {
    EXPECT_EQ(sent.discard, Discard::none);
    const auto received = pair.receiver.receive(sent.packet);
    if (received.delivered) delivered.insert(received.number);
  }
  EXPECT_EQ(delivered.size(), 32u);
  EXPECT_EQ(pair.sender.cluster().outbound(SubSaId{2})->packets(), 5u);
  const auto ended = of_kind<SubSaEnded>(pair.sender.look_after());
  ASSERT_EQ(ended.size(), 1u);
  EXPECT_EQ(ended[0].sub_sa, SubSaId{2});
}

//= profile/5/never-clear-text
//= draft-zhang/3.4/no-valid-member-no-cluster
//= profile/5/policy-names-the-cluster
TEST(SaCluster, WithoutAValidSubSaItEndsAndNothingLeavesInTheClear) {
  Pair pair(2);
  EXPECT_TRUE(pair.sender.cluster().leave(SubSaId{1}));
  EXPECT_TRUE(of_kind<ClusterEnded>(pair.sender.look_after()).empty());
  EXPECT_TRUE(pair.sender.cluster().leave(SubSaId{2}));
  EXPECT_EQ(of_kind<ClusterEnded>(pair.sender.look_after()).size(), 1u);
  EXPECT_EQ(pair.sender.cluster().state(), ClusterState::ended);
  const auto sent = pair.send();
  EXPECT_EQ(sent.discard, Discard::no_sa);
  EXPECT_TRUE(sent.packet.empty());
  EXPECT_EQ(std::get<ipsec::Acquire>(pair.sender.actions().events.front()).policy, policy_id);
  const auto joined = pair.sender.join(3);
  ASSERT_FALSE(joined);
  EXPECT_THAT(to_string(joined.error()), HasSubstr("has ended"));
  EXPECT_TRUE(of_kind<ClusterEnded>(pair.sender.look_after()).empty()) << "said once";
}

TEST(SaCluster, HardLimitsOfTimeEndIt) {
  Pair pair(1);
  for (const std::uint32_t index : {2u, 3u}) {
    auto parameters = outbound_parameters(pair.sender.cluster().parameters(), index);
    parameters.lifetime.hard.until = Instant(10s);
    ASSERT_TRUE(pair.sender.cluster().join(SubSaId{index}, std::move(parameters)));
  }
  EXPECT_TRUE(pair.sender.cluster().leave(SubSaId{1}));
  EXPECT_TRUE(pair.sender.look_after(Instant(9s)).empty());
  const auto events = pair.sender.look_after(Instant(10s));
  EXPECT_EQ(of_kind<SubSaEnded>(events).size(), 2u);
  EXPECT_EQ(of_kind<ClusterEnded>(events).size(), 1u);
}

TEST(SaCluster, ItsSubSasGoWithIt) {
  Pair pair(3);
  pair.receiver.owned().reset();
  EXPECT_EQ(pair.receiver.path().inbound_sas(), 0u);
  EXPECT_EQ(pair.receiver.path().outbound_sas(), 0u);
  EXPECT_EQ(pair.receiver.send(ipsec::test::udp_packet(false, 20)).discard, Discard::no_sa);
}

// --- the end of the numbers

//= profile/4/early-warning
//= profile/4/only-a-new-cluster-helps
TEST(SaCluster, SaysEarlyThatNumbersRunOutAndStopsThere) {
  ClusterParameters parameters = plain_cluster();
  parameters.extended_sequence_numbers = false;
  parameters.last_sequence_number = 0xffffffff - 3;
  parameters.soft_limit = 2;
  Pair pair(2, parameters);
  pair.receiver.cluster().core()->window()->resynchronise(parameters.last_sequence_number);
  EXPECT_TRUE(pair.receiver.receive(pair.send().packet).delivered);
  const auto runs_out = of_kind<SequenceRunsOut>(pair.sender.look_after());
  ASSERT_EQ(runs_out.size(), 1u);
  EXPECT_EQ(runs_out[0].left, 2u);
  EXPECT_TRUE(pair.receiver.receive(pair.send().packet).delivered);
  EXPECT_EQ(pair.send().number, 0xffffffffu);
  for (int i = 0; i < 4; ++i)
    EXPECT_NE(pair.send().discard, Discard::none);
  EXPECT_TRUE(of_kind<SequenceRunsOut>(pair.sender.look_after()).empty()) << "said once";
  const auto joined = pair.sender.join(3);
  ASSERT_FALSE(joined) << "no rekey of a sub-SA gives new numbers";
  EXPECT_THAT(to_string(joined.error()), HasSubstr("used up"));
}

// --- copies by two paths

//= profile/5/copy-has-the-same-number
//= profile/6/causes-are-counted-apart
TEST(SaCluster, TheSecondCopyIsRedundantAndAReplayIsAReplay) {
  ClusterParameters parameters = plain_cluster();
  parameters.duplication = true;
  Pair pair(3, parameters, std::make_unique<AlwaysTwo>());
  for (int i = 0; i < 5; ++i) {
    const auto sent = pair.send();
    ASSERT_EQ(sent.copies.size(), 1u);
    const Octets& copy = sent.copies[0];
    EXPECT_EQ(load_be<std::uint32_t>(copy.data() + 24), static_cast<std::uint32_t>(sent.number));
    EXPECT_NE(load_be<std::uint32_t>(copy.data() + 20), sent.spi().value);
    const bool copy_first = i % 2 == 1;
    EXPECT_TRUE(pair.receiver.receive(copy_first ? copy : sent.packet).delivered);
    EXPECT_FALSE(pair.receiver.receive(copy_first ? sent.packet : copy).delivered);
  }
  EXPECT_EQ(pair.receiver.path().discards()[Discard::redundant], 5u);
  EXPECT_EQ(pair.receiver.path().discards()[Discard::replay_duplicate], 0u);
  const auto once = pair.send();
  pair.receiver.receive(once.packet);
  pair.receiver.receive(once.packet);
  EXPECT_EQ(pair.receiver.path().discards()[Discard::replay_duplicate], 1u);
  EXPECT_EQ(pair.receiver.cluster().repeated().redundant, 5u);
}

TEST(SaCluster, AForgedSecondCopyIsNotRedundant) {
  ClusterParameters parameters = plain_cluster();
  parameters.duplication = true;
  Pair pair(2, parameters, std::make_unique<AlwaysTwo>());
  const auto sent = pair.send();
  EXPECT_TRUE(pair.receiver.receive(sent.packet).delivered);
  Octets forged = sent.copies[0];
  forged.back() ^= 1;
  EXPECT_FALSE(pair.receiver.receive(forged).delivered);
  EXPECT_EQ(pair.receiver.path().discards()[Discard::integrity_failed], 1u);
  EXPECT_FALSE(pair.receiver.receive(sent.copies[0]).delivered);
  EXPECT_EQ(pair.receiver.path().discards()[Discard::redundant], 1u);
}

//= profile/5/duplication-only-if-agreed
TEST(SaCluster, WithoutAgreementNothingIsSentTwice) {
  Pair pair(2, plain_cluster(), std::make_unique<AlwaysTwo>());
  EXPECT_TRUE(pair.send().copies.empty());
}

//= profile/5/never-twice-on-one-sub-sa
//= profile/4/key-and-number-once
TEST(SaCluster, ANumberIsNeverSentTwiceByOneSubSa) {
  Pair pair(1);
  const auto sent = pair.send();
  ipsec::HeldPacket again(ipsec::test::udp_packet(false, 20));
  ipsec::Outgoing outgoing{.packet = again.buffer(), .number = sent.number};
  SeededRng rng(1);
  ipsec::StandardLifetimePolicy lifetime;
  ipsec::AhAuthenticator ah;
  pair.sender.cluster().outbound(SubSaId{1})->protect_again({&outgoing, 1}, {}, {rng, lifetime, ah});
  EXPECT_EQ(outgoing.discard, Discard::number_used);
}

// --- peers without clusters

//= profile/6/numbers-not-shared-are-reported
TEST(SaCluster, APeerThatDoesNotShareItsNumbersIsFoundOut) {
  ClusterParameters parameters = plain_cluster();
  parameters.watch_numbers = true;
  Gateway receiver(parameters);
  std::vector<std::unique_ptr<ipsec::test::SaPair>> peer;
  for (std::uint32_t index = 1; index <= 2; ++index) {
    ASSERT_TRUE(receiver.join(index));
    peer.push_back(std::make_unique<ipsec::test::SaPair>(outbound_parameters(parameters, index),
                                                         inbound_parameters(parameters, index), provider()));
  }
  const Octets clear = ipsec::test::udp_packet(false, 20);
  EXPECT_TRUE(receiver.receive(peer[0]->protect(clear)).delivered);
  EXPECT_TRUE(of_kind<NumbersNotShared>(receiver.look_after()).empty());
  EXPECT_FALSE(receiver.receive(peer[1]->protect(clear)).delivered);
  EXPECT_EQ(of_kind<NumbersNotShared>(receiver.look_after()).size(), 1u);
  EXPECT_EQ(receiver.path().discards()[Discard::replay_duplicate], 1u);
}

// --- what else the data path must be told

TEST(SaCluster, NumbersWithoutDeliveryAreSettled) {
  Pair pair(1);
  ipsec::HeldPacket held(OctetView{}, 128, 512);
  ipsec::Outgoing dummy{.packet = held.buffer()};
  SeededRng rng(1);
  ipsec::StandardLifetimePolicy lifetime;
  ipsec::AhAuthenticator ah;
  pair.sender.cluster().outbound(SubSaId{1})->protect_dummy(dummy, 64, {}, {rng, lifetime, ah});
  ASSERT_EQ(dummy.discard, Discard::none);
  const auto received = pair.receiver.receive(dummy.packet.view());
  EXPECT_FALSE(received.delivered);
  ASSERT_EQ(received.settled.size(), 1u);
  EXPECT_EQ(received.settled[0].number, dummy.number);
  EXPECT_EQ(received.settled[0].cause, Discard::dummy);
}

//= profile/3/path-mtu-of-the-cluster
TEST(SaCluster, TheClustersPathMtuIsTheSmallestOfItsValidSubSas) {
  Pair pair(2);
  pair.sender.look_after();
  const std::uint32_t before = pair.sender.cluster().largest_packet();
  pair.sender.cluster().outbound(SubSaId{2})->set_path_mtu(1300);
  EXPECT_LT(pair.sender.cluster().largest_packet(), 1300u);
  const auto changed = of_kind<ClusterMtuChanged>(pair.sender.look_after());
  ASSERT_EQ(changed.size(), 1u);
  EXPECT_EQ(changed[0].largest_packet, pair.sender.cluster().largest_packet());
  pair.sender.cluster().leave(SubSaId{2});
  EXPECT_EQ(pair.sender.cluster().largest_packet(), before);
}

//= profile/5/dead-paths-last
TEST(SaCluster, PathsThatAreDeadAreUsedOnlyWhereAllAre) {
  Pair pair(2);
  pair.sender.cluster().note_path(SubSaId{1}, {.alive = false});
  for (int i = 0; i < 4; ++i)
    EXPECT_EQ(pair.send().spi(), Spi{0x1002});
  pair.sender.cluster().note_path(SubSaId{2}, {.alive = false});
  std::set<Spi> spis;
  for (int i = 0; i < 4; ++i)
    spis.insert(pair.send().spi());
  EXPECT_EQ(spis.size(), 2u);
}

//= profile/6/late-and-authentic
TEST(SaCluster, ATooSmallWindowIsReportedWithTheSizeThatWouldHaveHeld) {
  ClusterParameters parameters = plain_cluster();
  parameters.replay_window = 64;
  Pair pair(2, parameters);
  const auto late = pair.send();
  for (int i = 0; i < 99; ++i)
    pair.receiver.receive(pair.send().packet);
  EXPECT_FALSE(pair.receiver.receive(late.packet).delivered);
  const auto events = of_kind<WindowTooSmall>(pair.receiver.look_after());
  ASSERT_EQ(events.size(), 1u);
  EXPECT_EQ(events[0].would_have_held, 100u);
  EXPECT_TRUE(of_kind<WindowTooSmall>(pair.receiver.look_after()).empty());
}

}  // namespace
}  // namespace mpsec::cluster
