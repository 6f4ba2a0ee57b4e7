#include "sim/cluster/world.hpp"

#include <gtest/gtest.h>

#include "crypto/open/open_provider.hpp"
#include "sim/cluster/balance.hpp"
#include "sim/cluster/figures.hpp"
#include "sim/cluster/report.hpp"

namespace mpsec::sim {
namespace {

using namespace std::chrono_literals;

const crypto::Provider& provider() {
  static const auto open = crypto::make_open_provider();
  return *open;
}

PathPlan path(std::string name, Duration delay) {
  PathPlan plan;
  plan.name = std::move(name);
  plan.there.delay = plan.back.delay = delay;
  return plan;
}

// Two paths of 5 and 15 ms, a flow of 1,000 packets a second for a fifth of a second.
Scenario two_paths() {
  Scenario scenario;
  scenario.duration = 200ms;
  scenario.drain = 500ms;
  scenario.probes.interval = 0ms;
  scenario.paths = {path("A", 5ms), path("B", 15ms)};
  scenario.flows = {FlowPlan{}};
  return scenario;
}

std::unique_ptr<World> run(const Scenario& scenario, std::uint64_t seed = 1) {
  auto world = World::make(scenario, provider(), seed);
  EXPECT_TRUE(world) << to_string(world.error());
  const auto ran = (*world)->run();
  EXPECT_TRUE(ran) << to_string(ran.error());
  for (const BalanceLine& law : balance_of(**world))
    EXPECT_EQ(law.in, law.out) << law.what;
  return *std::move(world);
}

TEST(World, CountsWhatCanBeCountedByHand) {
  const auto world = run(two_paths());
  const Stream& stream = world->stream(End::sgw1);
  EXPECT_EQ(stream.offered(), 200u);
  EXPECT_EQ(stream.delivered(), 200u);
  EXPECT_EQ(stream.paths()[0].sent, 100u);
  EXPECT_EQ(stream.paths()[1].sent, 100u);
  EXPECT_EQ(stream.longest_transit(), 15ms);
  EXPECT_EQ(stream.longest_wait(), 0ms);
  // B brings number n after A has brought n + 9; but the last is B's, and there is none above it.
  EXPECT_EQ(stream.window_needed(), 10u);
  EXPECT_EQ(stream.arrivals().report().reordered, 99u);
  EXPECT_EQ(stream.out_of_order(), 99u);
  EXPECT_EQ(world->stream(End::sgw2).offered(), 0u);
}

TEST(World, RestoresOrderAndHoldsForAsLongAsThePathsDiffer) {
  Scenario scenario = two_paths();
  scenario.reordering.policy = ReorderBy::time;
  const auto world = run(scenario);
  const Stream& stream = world->stream(End::sgw1);
  EXPECT_EQ(stream.out_of_order(), 0u);
  EXPECT_EQ(stream.lost(), 0u);
  EXPECT_EQ(stream.longest_wait(), 9ms);  // the number before comes 1 ms earlier and 10 ms longer
}

TEST(World, LossIsAccountedForByItsCause) {
  Scenario scenario = two_paths();
  scenario.paths[0].there.loss = 0.5;
  scenario.paths[1].there.duplicate = 0.5;
  const auto figures = figures_of(*run(scenario));
  EXPECT_GT(figures.at("drops.lost"), 20);
  EXPECT_EQ(figures.at("drops.lost"), figures.at("lost"));
  EXPECT_GT(figures.at("discards.replay_duplicate"), 20) << "what a link doubles is a replay";
}

TEST(World, AProbedPathHasARoundTripAndASilentOneDies) {
  Scenario scenario = two_paths();
  scenario.probes.interval = 50ms;
  scenario.duration = 6s;
  scenario.flows[0].packets_per_second = 10;
  scenario.happenings.push_back({.at = 1s, .every = {}, .until = {}, .deed = SetPathUp{1, false}});
  const auto world = run(scenario);
  EXPECT_EQ(world->state(0)->round_trip().smoothed(), 10ms);
  EXPECT_EQ(world->state(0)->condition(), cluster::PathCondition::alive);
  EXPECT_EQ(world->state(1)->condition(), cluster::PathCondition::dead);
  EXPECT_EQ(world->deaths(0), 0u);
  EXPECT_EQ(world->deaths(1), 2u) << "each gateway saw it";
}

TEST(World, AnUnprotectedPacketWouldBeSeen) {
  Scenario scenario = two_paths();
  for (PathPlan& plan : scenario.paths)
    plan.lifetime = 100ms;
  const auto figures = figures_of(*run(scenario));
  EXPECT_EQ(figures.at("clear"), 0);
  EXPECT_EQ(figures.at("clusters_ended"), 2);
  EXPECT_NEAR(figures.at("refused.no_sa"), 100, 2);
}

TEST(World, UnmetExpectationsAreNamed) {
  Scenario scenario = two_paths();
  scenario.expectations = {{"lost", Relation::equal, 0, "= 0"}, {"delivered", Relation::below, 200, "< 200"}};
  const auto world = run(scenario);
  EXPECT_EQ(unmet(scenario, figures_of(*world)),
            std::vector<std::string>{"delivered: expected < 200, found 200"});
}

TEST(World, SaysWhatASchedulerIsThatThereIsNot) {
  Scenario scenario = two_paths();
  scenario.cluster.scheduler = "robin";
  EXPECT_FALSE(World::make(scenario, provider(), 1));
}

// --- parts

TEST(Mark, IsReadBack) {
  const Mark mark{70'000, 1ull << 40};
  const Octets packet = marked_packet(mark, End::sgw2, 64);
  EXPECT_EQ(packet.size(), 64u);
  EXPECT_EQ(mark_of(packet), mark);
  EXPECT_EQ(mark_of(OctetView(packet).first(39)), std::nullopt);
}

TEST(ProbeMessage, IsReadBackAndGarbageIsNot) {
  const ProbeMessage message{true, 3, 77};
  const Octets octets = message.encode();
  const auto read = ProbeMessage::decode(octets);
  ASSERT_TRUE(read);
  EXPECT_TRUE(read->answer);
  EXPECT_EQ(read->attempt, 3);
  EXPECT_EQ(read->id, 77u);
  EXPECT_FALSE(ProbeMessage::decode(OctetView(octets).first(5)));
  EXPECT_FALSE(ProbeMessage::decode(Octets(6, 7)));
}

TEST(Paths, AreFoundByTheirAddresses) {
  for (const End end : {End::sgw1, End::sgw2})
    for (const std::size_t path : {0, 1, 255})
      EXPECT_EQ(path_of(path_address(end, path)), path);
  EXPECT_EQ(path_of(IpAddress::v4(0x0a010001)), std::nullopt);
}

// The account itself, told lies that no gateway tells.
TEST(Stream, KnowsWhatWasDeliveredTwiceOrNeverSent) {
  const Scenario scenario = two_paths();
  Stream stream(scenario);
  const std::size_t first[] = {0};
  stream.sent(1, {0, 1}, 100, first, Instant(1ms));
  stream.sent(2, {0, 2}, 100, first, Instant(1ms));
  stream.arrived(1, 0, ipsec::Discard::none, Instant(2ms));
  stream.delivered(1, Mark{0, 1}, Instant(2ms));
  stream.delivered(1, Mark{0, 1}, Instant(3ms));
  stream.delivered(2, Mark{0, 1}, Instant(3ms));
  stream.delivered(9, Mark{0, 9}, Instant(3ms));
  EXPECT_EQ(stream.delivered(), 1u);
  EXPECT_EQ(stream.delivered_twice(), 1u);
  EXPECT_EQ(stream.not_sent(), 2u);
  EXPECT_EQ(stream.lost(), 1u);
}

}  // namespace
}  // namespace mpsec::sim
