// Cores with several workers, on virtual time and in one thread; the threads are in threads/.
#include <gmock/gmock.h>
#include <rapidcheck/gtest.h>
#include <set>

#include "gateway/core/test_workers.hpp"

namespace mpsec::gateway::test {
namespace {

using testing::Each;
using testing::ElementsAre;

void begin(WorkersWorld& world) {
  world.send(world.a, packet());
  world.settle();
  world.a.delivered.clear(), world.b.delivered.clear(), world.sent.clear();
}

std::vector<std::size_t> inbound_sas(Gateway& gateway) {
  std::vector<std::size_t> all;
  for (std::size_t number = 1; number <= gateway.core().crew()->size(); ++number)
    all.push_back(gateway.core().crew()->desk(number).with(
        [](Worker& worker) { return worker.data_path().inbound_sas(); }));
  return all;
}

// Each of `count` packets that the workers send in turn, there and back, is delivered once.
void exchange(WorkersWorld& world, std::size_t workers, std::uint8_t count) {
  std::multiset<Octets> forth, back;
  for (std::uint8_t i = 0; i < count; ++i) {
    world.send_by(world.a, i % workers, packet(true, i)), forth.insert(packet(true, i));
    world.send_by(world.b, (i + 1) % workers, packet(false, i)), back.insert(packet(false, i));
    if (i % 3 == 0) world.settle();
  }
  world.settle();
  EXPECT_EQ(std::multiset<Octets>(world.b.delivered.begin(), world.b.delivered.end()), forth) << world.logs();
  EXPECT_EQ(std::multiset<Octets>(world.a.delivered.begin(), world.a.delivered.end()), back);
}

// Of one direction, by the SPIs of its receiver.
bool numbers_are_unique(const WorkersWorld& world, Gateway& receiver) {
  std::set<Spi> spis;
  for (const IkeReport& sa : receiver.core().status().ike_sas)
    for (const ChildReport& child : sa.children)
      spis.insert(child.ike.inbound);
  std::set<std::uint32_t> seen;
  for (const OnWire& one : world.sent)
    if (spis.contains(one.spi) && !seen.insert(one.number).second) return false;
  return !seen.empty();
}

class CoreWorkers : public testing::TestWithParam<std::tuple<std::uint32_t, std::size_t>> {};
INSTANTIATE_TEST_SUITE_P(Some, CoreWorkers,
                         testing::Combine(testing::Values(2u, 3u), testing::Values(1, 2, 4)));

TEST_P(CoreWorkers, DeliverEachPacketOnceWhoeverSendsIt) {
  const auto [workers, paths] = GetParam();
  WorkersWorld world(worked(workers, paths));
  begin(world);
  exchange(world, workers, 120);
  EXPECT_TRUE(numbers_are_unique(world, world.a) && numbers_are_unique(world, world.b));
  const Status status = world.b.core().status();
  ASSERT_EQ(status.clusters.size(), 1u);
  EXPECT_EQ(status.clusters[0].valid_sub_sas, paths);
  std::uint64_t out = 0;
  for (const IkeReport& sa : status.ike_sas)
    out += sa.children.at(0).traffic.packets_out;
  EXPECT_EQ(out, 120u) << "what all workers have sent";
  const Counters counters = world.b.core().counters();
  EXPECT_EQ(counters.clear_in, 120u);
  EXPECT_EQ(counters.between_workers, 0u);
}

TEST_P(CoreWorkers, ShareTheInboundHalvesEvenly) {
  const auto [workers, paths] = GetParam();
  WorkersWorld world(worked(workers, paths));
  begin(world);
  for (Gateway* one : {&world.a, &world.b}) {
    const auto further = inbound_sas(*one);
    std::size_t least = paths, most = 0, sum = 0;
    for (const std::size_t have : further)
      least = std::min(least, have), most = std::max(most, have), sum += have;
    const std::size_t at_core = paths - sum;
    EXPECT_LE(std::max(most, at_core), std::min(least, at_core) + 1);
  }
}

TEST_P(CoreWorkers, RestoreTheOrderOverAllOfThem) {
  const auto [workers, paths] = GetParam();
  WorkersWorld world(
      worked(workers, paths, [](Settings& settings) { settings.clusters["net"].reordering.emplace(); }));
  begin(world);
  const auto before = world.b.core().status().clusters.at(0).reordering->delivered();
  for (std::uint8_t i = 1; i <= 30; ++i)
    world.send_by(world.a, 1, packet(true, i));
  if (paths > 1) std::ranges::reverse(world.wire);
  world.settle();
  ASSERT_EQ(world.b.delivered.size(), 30u) << world.logs();
  for (std::uint8_t i = 1; i <= 30; ++i)
    EXPECT_EQ(world.b.delivered[i - 1], packet(true, i));
  EXPECT_EQ(world.b.core().status().clusters.at(0).reordering->delivered(), before + 30);
}

TEST_P(CoreWorkers, GoOnThroughRekeys) {
  const auto [workers, paths] = GetParam();
  WorkersWorld world(worked(workers, paths));
  begin(world);
  for (int round = 0; round < 3; ++round) {
    for (const IkeReport& sa : world.a.core().status().ike_sas) {
      world
          .at(world.a,
              [&](Core& core, Output& output) {
                return core.rekey_child(sa.children.at(0).ike.id, world.now, output);
              })
          .value();
      world.settle();
    }
    world.a.delivered.clear(), world.b.delivered.clear();
    exchange(world, workers, 24);
  }
  const Status status = world.b.core().status();
  EXPECT_EQ(status.clusters.at(0).sub_sas, paths);
  std::size_t there = 0;
  for (const std::size_t have : inbound_sas(world.b))
    there += have;
  EXPECT_LE(there, paths) << "the old halves are gone";
}

TEST(CoreWorkersOnce, ForgetWhatIsDeleted) {
  WorkersWorld world(worked(2, 4));
  begin(world);
  EXPECT_THAT(inbound_sas(world.b), ElementsAre(2));
  world.at(world.a, [&](Core& core, Output& output) { return core.stop(world.now, output), 0; });
  world.settle();
  for (Gateway* one : {&world.a, &world.b}) {
    EXPECT_THAT(inbound_sas(*one), Each(0));
    EXPECT_EQ(
        one->core().crew()->desk(1).with([](Worker& worker) { return worker.data_path().outbound_sas(); }),
        0u);
  }
}

TEST(CoreWorkersOnce, LeaveOrdinarySasToTheCore) {
  WorkersWorld world(worked(2, 0));
  world.send_by(world.a, 1, packet());
  world.settle();
  EXPECT_THAT(world.b.delivered, ElementsAre(packet())) << "it waited for the SA that it asked for";
  world.send_by(world.a, 1, packet(true, 1));
  world.send_by(world.b, 1, packet(false, 2));
  world.settle();
  EXPECT_THAT(world.b.delivered, ElementsAre(packet(), packet(true, 1))) << world.logs();
  EXPECT_THAT(world.a.delivered, ElementsAre(packet(false, 2)));
  EXPECT_THAT(inbound_sas(world.b), ElementsAre(0));
}

//= profile/4/lease-has-a-time
TEST(CoreWorkersOnce, AbandonLeasesByTheRule) {
  WorkersWorld world(worked(2, 2, [](Settings& settings) {
    settings.clusters["net"].leases = cluster::LeaseRules{.numbers = 8, .time = 10ms};
  }));
  begin(world);
  const auto id = world.a.core().status().clusters.at(0).id;
  const auto report = [&] {
    return world.a.core().crew()->desk(1).with([&](Worker& worker) { return worker.find(id)->leases(); });
  };
  world.send_by(world.a, 1, packet(true, 1));
  EXPECT_EQ(report().held, 7u);
  world.now += 11ms;
  world.send_by(world.a, 1, packet(true, 2));
  EXPECT_EQ(report().abandoned_by_time, 7u);
  for (int i = 0; i < 2000; ++i)  // the core's own numbers go on, and leave the worker's lease behind
    world.send_by(world.a, 0, packet(true, 3));
  world.send_by(world.a, 1, packet(true, 4));
  EXPECT_EQ(report().abandoned_behind, 7u);
  EXPECT_EQ(report().taken, report().sent + 14 + report().held);
  world.settle();
  EXPECT_EQ(world.b.delivered.size(), 2003u) << world.logs();
  EXPECT_TRUE(numbers_are_unique(world, world.b));
}

TEST(CoreWorkersOnce, LeaveADeadPath) {
  WorkersWorld world(worked(2, 2));
  begin(world);
  const auto on_second = [](const World::OnTheWay& one) {
    const auto* datagram = std::get_if<Datagram>(&one.what);
    const auto source = datagram != nullptr ? datagram->remote.address
                                            : IpAddress::v4(std::get<Octets>(one.what).data() + 12);
    return source == outer(1, 1) || source == outer(2, 1);
  };
  world.lost = on_second;
  world.run_for(2min);
  world.settle();
  world.b.delivered.clear();
  for (std::uint8_t i = 1; i <= 10; ++i)
    world.send_by(world.a, 1, packet(true, i));
  world.settle();
  EXPECT_EQ(world.b.delivered.size(), 10u) << world.logs();
}

// Limits hold for all workers together.
TEST(CoreWorkersOnce, DivideLimitsOfPackets) {
  WorkersWorld world(
      worked(2, 1, [](Settings& settings) { settings.ike.peers[0].children[0].rekey_after_packets = 1000; }));
  begin(world);
  const auto first = world.a.core().status().ike_sas.at(0).children.at(0).ike.outbound;
  for (int i = 0; i < 500; ++i)
    world.send_by(world.a, 1, packet(true, 1));
  world.settle();
  EXPECT_NE(world.a.core().status().ike_sas.at(0).children.at(0).ike.outbound, first)
      << "a worker's share is used up, and the child is rekeyed";
}

TEST(CoreWorkersOnce, RefuseReplacedSeams) {
  SeededRng rng(1);
  const auto provider = crypto::make_openssl_provider();
  const auto ike_provider = crypto::make_openssl_ike_provider();
  const auto pki = crypto::make_openssl_pki();
  const Replacements none;
  Core::Seams seams{rng, *provider, *ike_provider, *pki};
  seams.replacements = &none;
  const auto made = Core::make(settings(1, worked(2, 1)), seams, Instant{});
  ASSERT_FALSE(made);
  EXPECT_EQ(to_string(made.error()),
            "gateway.workers: expected 1 where seams are replaced: what replaces them has one thread");
}

}  // namespace
}  // namespace mpsec::gateway::test
