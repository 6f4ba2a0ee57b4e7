// The laws of SA clusters under random commands, and of each law that it can fail.
#include <gtest/gtest.h>
#include <initializer_list>
#include <rapidcheck/gtest.h>

#include "cluster/test_cluster_world.hpp"

namespace mpsec::cluster {
namespace {

using namespace test;

using SettingOctets = std::array<std::uint8_t, WorldSettings::octets>;
using Steps = std::vector<std::array<std::uint8_t, Step::octets>>;

Octets octets_of(const SettingOctets& settings, const Steps& steps) {
  Octets octets(settings.begin(), settings.end());
  for (const auto& step : steps)
    append(octets, OctetView(step));
  return octets;
}

// As many commands as a run needs to come to something; they shrink to the fewest and smallest that break a
// law.
void hold(const SettingOctets& settings) {
  const auto octet = rc::gen::resize(100, rc::gen::arbitrary<std::uint8_t>());
  const auto step = rc::gen::container<std::array<std::uint8_t, Step::octets>>(octet);
  const Steps steps = *rc::gen::scale(3, rc::gen::container<Steps>(step));
  const std::string broken = ClusterWorld::run(octets_of(settings, steps));
  if (!broken.empty()) RC_FAIL(broken);
}

//= profile/4/numbers-are-unique
//= profile/4/one-counter
//= profile/4/counter-outlives-sub-sas
//= profile/6/accepted-once
//= profile/6/one-window
//= profile/6/decision-after-the-icv
//= profile/6/causes-are-counted-apart
//= profile/3/joining-under-traffic
//= profile/3/leaving
//= profile/5/never-an-invalid-sub-sa
//= profile/5/dead-paths-last
//= profile/5/never-clear-text
RC_GTEST_PROP(ClusterLaws, HoldHoweverTheClusterIsConfigured, ()) {
  const auto octet = rc::gen::resize(100, rc::gen::arbitrary<std::uint8_t>());
  hold(*rc::gen::container<SettingOctets>(octet));
}

//= profile/5/copy-has-the-same-number
//= profile/5/never-twice-on-one-sub-sa
//= profile/4/key-and-number-once
RC_GTEST_PROP(ClusterLaws, HoldWithCopiesOnTwoPaths, ()) {
  hold({3, *rc::gen::inRange<std::uint8_t>(0, 4), 1, 11, 4, *rc::gen::inRange<std::uint8_t>(0, 7)});
}

//= profile/4/lease-left-behind
//= profile/4/lease-has-a-time
//= profile/4/abandoned-numbers-are-never-sent
RC_GTEST_PROP(ClusterLaws, HoldWithLeasesOfSeveralWorkers, ()) {
  hold({0x31, *rc::gen::inRange<std::uint8_t>(0, 4), 2, 11, 0, *rc::gen::inRange<std::uint8_t>(0, 7)});
}

//= profile/4/ends-before-2-to-32-without-esn
//= profile/4/nothing-is-sent-at-the-end
//= profile/4/never-cycles
RC_GTEST_PROP(ClusterLaws, HoldAtTheEndOfTheNumbers, ()) {
  hold({0, *rc::gen::inRange<std::uint8_t>(0, 4), 0, 11, 3, 0});
}

// Octet for octet, and an ordinary SA takes it.
//= profile/8/one-sub-sa-looks-ordinary
//= profile/5/nothing-else-changes
//= draft-zhang/3.6/one-member-interoperates
//= draft-zhang/3.2/nothing-else-changes-outbound
RC_GTEST_PROP(ClusterLaws, AClusterOfOneSendsWhatAnOrdinarySaWould,
              (const std::vector<std::uint8_t>& sizes)) {
  const ClusterParameters parameters = WorldSettings{}.parameters();
  WorldEnd end({}, true, Bend::none);
  WorldWorker& worker = end.worker(0);
  RC_ASSERT(worker.cluster->join(SubSaId{1}, world_sa<ipsec::OutboundParameters>(parameters, 1, false)));
  ipsec::test::SaPair plain(world_sa<ipsec::OutboundParameters>(parameters, 1, false),
                            world_sa<ipsec::InboundParameters>(parameters, 1, false), WorldEnd::provider());
  for (const std::uint8_t size : sizes) {
    const Octets clear = InnerPacket{size, size, size}.octets();
    ipsec::HeldPacket held(clear);
    ipsec::Outgoing outgoing{.packet = held.buffer()};
    ipsec::Fate fate{};
    worker.path.send({&outgoing, 1}, {}, {&fate, 1}, worker.actions);
    const auto view = outgoing.packet.view();
    RC_ASSERT(Octets(view.begin(), view.end()) == plain.protect(clear));
    RC_ASSERT(plain.receive(view).packet == clear);
  }
}

// Long runs: most packets arrive, and all that may become of a packet does.
TEST(ClusterLaws, RunsComeToSomething) {
  std::uint64_t delivered = 0;
  ipsec::DiscardCounters causes;
  for (std::uint64_t seed = 1; seed <= 24; ++seed) {
    SeededRng rng(seed);
    SettingOctets settings;
    rng.fill(settings);
    settings[3] = 11;
    ClusterWorld world(WorldSettings::of(settings));
    for (int i = 0; i < 300 && world.broken().empty(); ++i) {
      std::array<std::uint8_t, Step::octets> step;
      rng.fill(step);
      world.take({step[0], step[1], step[2], step[3]});
    }
    ASSERT_EQ(world.broken(), "") << "seed " << seed;
    delivered += world.delivered();
    for (auto* end : std::initializer_list<WatchedEnd*>{&world.sender(), &world.receiver()})
      end->add_to(causes);
  }
  EXPECT_GT(delivered, 2'000u);
  using enum ipsec::Discard;
  for (const auto cause : {no_sa, unknown_spi, lifetime_expired, sequence_exhausted, replay_duplicate,
                           replay_too_old, redundant, integrity_failed})
    EXPECT_GT(causes[cause], 0u) << to_string(cause);
}

// --- each law can fail

constexpr std::uint8_t join = 0, send = 5, deliver = 8, replay = 12;

TEST(ClusterLaws, ACounterForEachWorkerIsSeen) {
  const Octets octets = octets_of({1, 2, 1, 7, 0, 0}, {{join}, {join}, {send, 0}, {send, 1}});
  EXPECT_EQ(ClusterWorld::run(octets), "");
  EXPECT_EQ(ClusterWorld::run(octets, Bend::counter_for_each_worker),
            "step 3: a number names one inner packet");
}

TEST(ClusterLaws, AWindowForEachWorkerIsSeen) {
  const Octets octets =
      octets_of({3, 2, 1, 7, 0, 0}, {{join}, {join}, {join}, {join}, {send, 0}, {deliver}, {deliver}});
  EXPECT_EQ(ClusterWorld::run(octets), "");
  EXPECT_EQ(ClusterWorld::run(octets, Bend::window_for_each_worker),
            "step 6: a packet is delivered once, over all sub-SAs");
}

TEST(ClusterLaws, AWindowThatAcceptsTwiceIsSeen) {
  const Octets octets = octets_of({1, 2, 0, 7, 0, 0}, {{join}, {send}, {deliver}, {replay}});
  EXPECT_EQ(ClusterWorld::run(octets), "");
  EXPECT_EQ(ClusterWorld::run(octets, Bend::window_off),
            "step 3: a packet is delivered once, over all sub-SAs");
}

TEST(ClusterLaws, AWindowSmallerThanAgreedIsSeen) {
  const Octets octets = octets_of({1, 2, 0, 7, 0, 0}, {{join}, {send, 0, 39}, {deliver, 0, 1, 5}, {deliver}});
  EXPECT_EQ(ClusterWorld::run(octets), "");
  EXPECT_EQ(ClusterWorld::run(octets, Bend::window_too_small),
            "step 3: nothing valid inside the window is refused");
}

TEST(ClusterLaws, AnSaPastItsLimitIsSeen) {
  const Octets octets = octets_of({1, 2, 0, 7, 0, 0}, {{join, 0, 0x29}, {send, 0, 9}});
  EXPECT_EQ(ClusterWorld::run(octets), "");
  EXPECT_EQ(ClusterWorld::run(octets, Bend::limits_ignored), "step 1: no packet goes by an invalid sub-SA");
}

TEST(ClusterLaws, AGroupThatGivesAnEndedSaIsSeen) {
  const Octets octets = octets_of({1, 2, 0, 7, 0, 0}, {{join, 0, 0x29}, {join}, {send, 0, 9}});
  EXPECT_EQ(ClusterWorld::run(octets), "");
  EXPECT_EQ(ClusterWorld::run(octets, Bend::dead_sub_sa),
            "step 2: nothing is discarded that a sub-SA could carry");
}

TEST(ClusterLaws, ALeaseLeftFarBehindIsSeen) {
  const Octets octets =
      octets_of({0x31, 0, 1, 7, 0, 0}, {{join}, {join}, {send, 0}, {send, 1, 69}, {send, 0}});
  EXPECT_EQ(ClusterWorld::run(octets), "");
  EXPECT_EQ(ClusterWorld::run(octets, Bend::lease_without_end),
            "step 4: no number leaves more than a quarter of the window late");
}

}  // namespace
}  // namespace mpsec::cluster
