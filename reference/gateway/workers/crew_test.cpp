#include "gateway/workers/crew.hpp"

#include <gmock/gmock.h>
#include <rapidcheck/gtest.h>
#include <set>

#include "cluster/round_robin.hpp"
#include "crypto/openssl/openssl_provider.hpp"
#include "ipsec/sa_test_support.hpp"
#include "ipsec/test_packets.hpp"

namespace mpsec::gateway {
namespace {

using cluster::SubSaId;

constexpr ipsec::ClusterId cluster_id{7};

const crypto::Provider& provider() {
  static const auto openssl = crypto::make_openssl_provider();
  return *openssl;
}

std::shared_ptr<cluster::ClusterCore> cluster_core() {
  cluster::ClusterParameters parameters;
  parameters.id = cluster_id;
  parameters.replay_window = parameters.peer_window = 4096;
  return std::make_shared<cluster::ClusterCore>(parameters);
}

Result<Worker::Part> part() {
  return Worker::Part{std::make_unique<cluster::RoundRobin>(1), std::nullopt, true, false};
}

ipsec::InboundParameters inbound(std::uint32_t index) {
  auto parameters = ipsec::test::inbound_parameters({.extended = true, .window = 4096, .seed = index + 1});
  parameters.spi = Spi{0x1000 + index};
  parameters.selectors = cluster_core()->parameters().selectors;
  return parameters;
}
ipsec::OutboundParameters outbound(std::uint32_t index) {
  auto parameters = ipsec::test::outbound_parameters({.extended = true, .seed = index + 1});
  parameters.spi = Spi{0x1000 + index};
  parameters.selectors = cluster_core()->parameters().selectors;
  return parameters;
}

// A crew with one cluster, and the sender of each of its sub-SAs.
struct Scene {
  explicit Scene(std::size_t further) : crew(further, {}, {rng, provider()}) {
    crew.take_part(core, part).value();
  }
  // To the worker that is to have it, 0 being the core.
  std::size_t join(std::uint32_t index) {
    const std::size_t owner = crew.next_owner(cluster_id);
    if (owner == 0)
      crew.joined_core(cluster_id);
    else
      crew.join(owner, cluster_id, SubSaId{index}, inbound(index)).value();
    senders[index] =
        ipsec::OutboundSa::make(outbound(index), provider(), {numbers, &numbers->sequence()}).value();
    return owner;
  }
  Octets sealed(std::uint32_t index) {
    ipsec::HeldPacket held(ipsec::test::udp_packet(false, 40));
    ipsec::Outgoing outgoing{.packet = held.buffer()};
    senders.at(index)->protect({&outgoing, 1}, {}, {rng, lifetime, ah});
    return {outgoing.packet.view().begin(), outgoing.packet.view().end()};
  }
  // What waits for the worker: by SPI the numbers that it delivers.
  std::vector<std::uint64_t> delivered(std::size_t number) {
    std::vector<std::uint64_t> numbers_of;
    WorkerOutput output;
    Desk& desk = crew.desk(number);
    while (desk.receive_next({}, output)) {
      output.clear();
      EXPECT_TRUE(desk.finish());
    }
    while (auto news = desk.news()) {
      for (const News::Arrival& arrival : news->arrivals)
        if (!arrival.packet.empty()) numbers_of.push_back(arrival.number.value);
      desk.give_back(std::move(news));
    }
    return numbers_of;
  }

  SeededRng rng{1};
  ipsec::StandardLifetimePolicy lifetime;
  ipsec::AhAuthenticator ah;
  std::shared_ptr<cluster::ClusterCore> core = cluster_core();
  std::shared_ptr<cluster::ClusterCore> numbers = cluster_core();  // the peer's
  Crew crew;
  std::map<std::uint32_t, std::unique_ptr<ipsec::OutboundSa>> senders;
};

// Each packet goes to the worker that has its SPI, once and in its order; what nobody has stays, in its
// order.
RC_GTEST_PROP(Crew, HandsEachPacketToItsOwner, ()) {
  const auto further = *rc::gen::inRange<std::size_t>(1, 4);
  Scene scene(further);
  std::map<std::uint32_t, std::size_t> owners;
  std::vector<std::vector<std::uint64_t>> expected(further + 1);
  std::uint64_t number = 0;
  const auto steps = *rc::gen::container<std::vector<std::uint32_t>>(rc::gen::inRange(0u, 40u));
  for (const std::uint32_t step : steps) {
    const std::uint32_t index = step % 8;
    if (step < 16 && !scene.senders.contains(index)) {
      owners[index] = scene.join(index);
    } else if (step >= 36 && owners.contains(index)) {
      scene.crew.leave(cluster_id, SubSaId{index}, owners[index], Spi{0x1000 + index});
      owners.erase(index);
    } else if (scene.senders.contains(index)) {
      std::vector<ipsec::HeldPacket> held;
      for (std::uint32_t i = 0; i <= step % 3; ++i)
        held.emplace_back(scene.sealed(index));
      std::vector<ipsec::PacketBuffer> batch;
      for (ipsec::HeldPacket& packet : held)
        batch.push_back(packet.buffer());
      const auto stayed = scene.crew.hand_over(batch);
      const bool has_owner = owners.contains(index) && owners[index] != 0;
      RC_ASSERT(stayed.size() == (has_owner ? 0 : held.size()));
      for (std::size_t i = 0; i < held.size(); ++i) {
        ++number;
        if (has_owner) expected[owners[index]].push_back(number);
      }
    }
  }
  // Who left did so behind what was handed over before.
  for (std::size_t worker = 1; worker <= further; ++worker)
    RC_ASSERT(scene.delivered(worker) == expected[worker]);
  RC_ASSERT(scene.crew.dropped() == 0u);
}

TEST(Crew, SharesEvenly) {
  Scene scene(2);
  std::multiset<std::size_t> owners;
  for (std::uint32_t index = 0; index < 7; ++index)
    owners.insert(scene.join(index));
  for (std::size_t worker = 0; worker < 3; ++worker)
    EXPECT_EQ(owners.count(worker), worker == 0 ? 3u : 2u);
}

// One key at several workers: the shared counter keeps their numbers apart, whatever the order of their
// turns.
TEST(Crew, OneKeyAtAllWorkersNeverMeetsANumberTwice) {
  Scene scene(3);
  ipsec::OutboundParameters parameters = outbound(1);
  const auto halves = scene.crew.join(cluster_id, SubSaId{1}, parameters, 1).value();
  ASSERT_EQ(halves.size(), 3u);
  std::set<std::uint64_t> numbers;
  for (std::size_t i = 0; i < 90; ++i) {
    ipsec::HeldPacket held(ipsec::test::udp_packet(false, 40));
    ipsec::Outgoing outgoing{.packet = held.buffer()};
    halves[i * 7 % 3]->protect({&outgoing, 1}, {}, {scene.rng, scene.lifetime, scene.ah});
    EXPECT_TRUE(numbers.insert(outgoing.number).second) << outgoing.number;
  }
  EXPECT_EQ(*numbers.rbegin(), 90u);
}

TEST(Crew, DividesLimitsAndLosesNothingAboutThem) {
  Scene scene(3);
  ipsec::OutboundParameters parameters = outbound(1);
  parameters.lifetime.hard.packets = 40;
  const auto halves = scene.crew.join(cluster_id, SubSaId{1}, parameters, 1).value();
  EXPECT_EQ(parameters.lifetime.hard.packets, 10u) << "what is left for the core's own half";
  EXPECT_EQ(parameters.lifetime.soft.packets, std::numeric_limits<std::uint64_t>::max())
      << "no limit stays none";
  EXPECT_EQ(halves[0]->parameters().lifetime.hard.packets, 10u);
}

TEST(Desk, DropsAndCountsWhatAWorkerDoesNotTake) {
  Scene scene(1);
  ASSERT_EQ(scene.join(0), 0u);
  ASSERT_EQ(scene.join(1), 1u);
  // The last batch is not filled up: what is added to it needs one to come in.
  const std::size_t room = (Desk::batches - 1) * PacketSlab::capacity + 1;
  for (std::size_t i = 0; i < room + 10; ++i) {
    ipsec::HeldPacket held(scene.sealed(1));
    ipsec::PacketBuffer packet = held.buffer();
    EXPECT_TRUE(scene.crew.hand_over({&packet, 1}).empty());
  }
  EXPECT_EQ(scene.crew.dropped(), 10u);
}

TEST(PacketSlab, TakesPacketsOfAnySizeUntilItIsFull) {
  PacketSlab slab, other;
  const Octets large(9000, 7), small(100, 8);
  EXPECT_EQ(slab.add(large).size(), 9000u);
  EXPECT_EQ(slab.add(small).headroom(), ipsec::default_headroom);
  for (std::size_t i = 2; i < PacketSlab::capacity; ++i)
    EXPECT_FALSE(slab.add(small).empty());
  EXPECT_TRUE(slab.add(small).empty());
  other.add(small);
  EXPECT_FALSE(slab.absorb(other));
  EXPECT_EQ(slab.size(), PacketSlab::capacity);
  slab.clear();
  EXPECT_TRUE(slab.absorb(other));
  EXPECT_TRUE(std::ranges::equal(slab.packets()[0].view(), small));
}

}  // namespace
}  // namespace mpsec::gateway
