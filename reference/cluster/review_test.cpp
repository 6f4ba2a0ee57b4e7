// What a hostile reading of the clusters found, each by its number. Some are beside what they are about:
// N005 in threads/, N013 with the tests of ClusterEnd, N014 with those of refusals.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "cluster/test_cluster.hpp"

namespace mpsec::cluster {
namespace {

using namespace test;
using namespace std::chrono_literals;
using ipsec::Discard;
using testing::HasSubstr;

std::size_t ends_in(const std::vector<ClusterEvent>& events) {
  return static_cast<std::size_t>(std::ranges::count_if(
      events, [](const ClusterEvent& event) { return std::holds_alternative<ClusterEnded>(event); }));
}

// A further worker of a gateway's cluster.
struct SecondWorker {
  explicit SecondWorker(Gateway& gateway)
      : path({}, {rng, lifetime, policy}),
        cluster(SaCluster::make(gateway.cluster().core(), {path, provider(), std::make_unique<RoundRobin>(1)})
                    .value()) {}
  std::size_t ends() {
    std::vector<ClusterEvent> events;
    cluster->look_after({}, events);
    return ends_in(events);
  }

  SeededRng rng{3};
  ipsec::StandardLifetimePolicy lifetime;
  ipsec::StandardInboundPolicy policy;
  ipsec::DataPath path;
  std::unique_ptr<SaCluster> cluster;
};

// A group of one SA, whose largest packet is what the test says.
struct OfOne final : ipsec::OutboundGroup {
  OfOne(ipsec::OutboundSa* its, std::uint32_t fits) : sa(its), largest(fits) {}
  Choice choose(const ipsec::PacketSelectors&, std::uint32_t wanted, Instant) noexcept override {
    return {sa, wanted, nullptr};
  }
  std::uint32_t largest_packet() const noexcept override {
    ++asked;
    return largest;
  }
  ipsec::OutboundSa* sa;
  std::uint32_t largest;
  mutable int asked = 0;
};

// A worker whose last sub-SA left said that the cluster had ended, though another worker had valid ones.
TEST(ClusterReview, N001ItEndsWithTheLastValidSubSaOfAllWorkers) {
  Gateway gateway;
  SecondWorker second(gateway);
  ASSERT_TRUE(gateway.join(1));
  ASSERT_TRUE(second.cluster->join(SubSaId{2}, outbound_parameters(plain_cluster(), 2)));
  EXPECT_TRUE(gateway.cluster().leave(SubSaId{1}));
  EXPECT_EQ(ends_in(gateway.look_after()), 0u);
  EXPECT_EQ(gateway.cluster().state(), ClusterState::valid);
  ASSERT_TRUE(gateway.join(3));
  EXPECT_TRUE(gateway.cluster().leave(SubSaId{3}));
  EXPECT_TRUE(second.cluster->leave(SubSaId{2}));
  EXPECT_EQ(gateway.cluster().state(), ClusterState::ended);
  EXPECT_EQ(ends_in(gateway.look_after()), 1u);
  EXPECT_EQ(second.ends(), 1u);
  EXPECT_FALSE(gateway.join(4));
}

// Between the leave of the last sub-SA and the next look_after() others could still join.
//= profile/3/last-sub-sa-gone
TEST(ClusterReview, N002ItEndsAtOnce) {
  Pair pair(1);
  EXPECT_TRUE(pair.sender.cluster().leave(SubSaId{1}));
  const auto joined = pair.sender.join(2);
  ASSERT_FALSE(joined);
  EXPECT_THAT(to_string(joined.error()), HasSubstr("has ended"));
  EXPECT_EQ(pair.sender.cluster().sub_sas(), 0u);
}

// The policy names the cluster and its successor by one ID. When the old one went, it took the new one's
// place away.
//= profile/4/only-a-new-cluster-helps
TEST(ClusterReview, N003ASuccessorStaysWhenItsPredecessorGoes) {
  Gateway gateway;
  ASSERT_TRUE(gateway.join(1));
  auto successor =
      SaCluster::make(plain_cluster(), {gateway.path(), provider(), std::make_unique<RoundRobin>(1)});
  ASSERT_TRUE((*successor)->join(SubSaId{2}, outbound_parameters(plain_cluster(), 2)));
  gateway.owned().reset();
  const auto sent = gateway.send(ipsec::test::udp_packet(false, 20));
  EXPECT_EQ(sent.discard, Discard::none);
  EXPECT_EQ(sent.spi(), Spi{0x1002});
  EXPECT_EQ(sent.number, 1u);
}

// Leases were measured against a window of their own, by default larger than the peer's whole one.
//= profile/4/lease-left-behind
TEST(ClusterReview, N004LeasesAreMeasuredAgainstTheClustersPeerWindow) {
  Gateway gateway(plain_cluster(), std::make_unique<RoundRobin>(1), LeaseRules{.numbers = 64, .time = 1s});
  ASSERT_TRUE(gateway.join(1));
  EXPECT_EQ(gateway.send(ipsec::test::udp_packet(false, 20)).number, 1u);
  for (int i = 0; i < 2; ++i)
    gateway.cluster().core()->sequence().take(32);  // another worker: a quarter of 256 behind, and more
  EXPECT_EQ(gateway.send(ipsec::test::udp_packet(false, 20)).number, 129u);
  EXPECT_EQ(gateway.cluster().leases().abandoned_behind, 63u);
}

// A group that gave ended SAs in turn, or a lifetime policy that refuses without ending, kept a worker for
// ever.
TEST(ClusterReview, N006OnlySasThatHaveNotEndedAreTriedInstead) {
  class InTurn final : public ipsec::OutboundGroup {
   public:
    Choice choose(const ipsec::PacketSelectors&, std::uint32_t wanted, Instant) noexcept override {
      return {sas[next++ % sas.size()], wanted, nullptr};
    }
    std::uint32_t largest_packet() const noexcept override { return 0; }
    std::vector<ipsec::OutboundSa*> sas;
    std::size_t next = 0;
  };
  Gateway gateway;
  InTurn in_turn;
  for (const std::uint32_t index : {1u, 2u}) {
    auto parameters = outbound_parameters(plain_cluster(), index);
    parameters.lifetime.hard.packets = 1;
    in_turn.sas.push_back(*gateway.cluster().join(SubSaId{index}, std::move(parameters)));
  }
  gateway.path().use(cluster_id, &in_turn);
  const auto sent = gateway.send_batch(4);
  EXPECT_EQ(std::ranges::count(sent, Discard::none, &Gateway::Sent::discard), 2);
  EXPECT_EQ(std::ranges::count(sent, Discard::lifetime_expired, &Gateway::Sent::discard), 2);
}

// SAs for reading captures may be made without integrity. As a sub-SA, one would move the window for all.
//= profile/3/integrity-on-every-sub-sa
TEST(ClusterReview, N007NoSubSaIsWithoutIntegrity) {
  Gateway gateway;
  auto parameters = inbound_parameters(plain_cluster(), 1);
  parameters.allow_no_integrity = true;
  const auto joined = gateway.cluster().join(SubSaId{1}, std::move(parameters));
  ASSERT_FALSE(joined);
  EXPECT_THAT(to_string(joined.error()), HasSubstr("integrity"));
}

// A full cluster could not be rekeyed: the new sub-SA joins before the old one leaves, and was one too many.
//= profile/3/one-to-65536-sub-sas
//= profile/3/new-joins-before-old-leaves
TEST(ClusterReview, N008AFullClusterCanBeRekeyed) {
  ClusterParameters parameters = plain_cluster();
  parameters.most_sub_sas = 2;
  Gateway gateway(parameters);
  SaCluster& cluster = gateway.cluster();
  ASSERT_TRUE(gateway.join(1));
  ASSERT_TRUE(gateway.join(2));
  const SubSaId heir = cluster.new_sub_sa(SubSaId{1}), second = cluster.new_sub_sa(SubSaId{1});
  ASSERT_TRUE(gateway.join(heir.value));
  EXPECT_FALSE(gateway.join(second.value)) << "one heir at a time";
  EXPECT_FALSE(gateway.join(9));
  EXPECT_EQ(cluster.core()->sub_sas(), 2u);
  EXPECT_TRUE(cluster.leave(SubSaId{1}));  // its place is its heir's
  EXPECT_FALSE(gateway.join(9));
  const SubSaId next = cluster.new_sub_sa(heir);
  ASSERT_TRUE(gateway.join(next.value));
  EXPECT_TRUE(cluster.leave(next));  // the rekey came to nothing
  EXPECT_FALSE(gateway.join(9));
  EXPECT_TRUE(cluster.leave(heir));
  EXPECT_EQ(cluster.core()->sub_sas(), 1u);
  EXPECT_TRUE(gateway.join(9));
}

// The SAD tells SAs of one SPI apart by their addresses, and let two such into one cluster.
//= profile/3/different-spis
//= draft-zhang/3.1/members-have-different-spis
TEST(ClusterReview, N009SpisAreDifferentWhateverTheSadLooksAt) {
  Gateway gateway;
  const auto shape = ipsec::SadKeyShape::spi_destination;
  ASSERT_TRUE(gateway.cluster().join(SubSaId{1}, inbound_parameters(plain_cluster(), 1), shape));
  auto another = [] {
    auto parameters = inbound_parameters(plain_cluster(), 2);
    parameters.spi = Spi{0x1001};
    return parameters;
  };
  const auto joined = gateway.cluster().join(SubSaId{2}, another(), shape);
  ASSERT_FALSE(joined);
  EXPECT_THAT(to_string(joined.error()), HasSubstr("0x00001001"));
  EXPECT_TRUE(gateway.cluster().join(SubSaId{3}, outbound_parameters(plain_cluster(), 3)));
  EXPECT_TRUE(gateway.cluster().leave(SubSaId{1}));
  EXPECT_TRUE(gateway.cluster().join(SubSaId{2}, another(), shape));
}

//= profile/3/transport-mode-has-one-address-pair
TEST(ClusterReview, N010InTransportModeAllSubSasHaveTheSameAddresses) {
  ClusterParameters parameters = plain_cluster();
  parameters.mode = ipsec::Mode::transport;
  Gateway gateway(parameters);
  ASSERT_TRUE(gateway.join(1));
  const auto joined = gateway.join(2);  // of other addresses
  ASSERT_FALSE(joined);
  EXPECT_THAT(to_string(joined.error()), HasSubstr("transport mode"));
  EXPECT_TRUE(gateway.join(251));  // of the same
}

// A peer that looks for no replays delivers both copies.
//= profile/5/duplication-only-if-agreed
TEST(ClusterReview, N011NoCopiesForAPeerThatLooksForNoReplays) {
  ClusterParameters parameters = plain_cluster();
  parameters.duplication = true;
  EXPECT_TRUE(ClusterParameters::check(parameters));
  parameters.peer_window = 0;
  const auto checked = ClusterParameters::check(parameters);
  ASSERT_FALSE(checked);
  EXPECT_THAT(to_string(checked.error()), HasSubstr("duplication"));
}

// The end of a sub-SA that sent copies was not told where it had come in for one that had ended itself, and
// an ended one is not used again: nobody heard of it. The model found this.
//= profile/3/lifetimes-are-the-sub-sas
TEST(ClusterReview, N012TheEndOfASubSaThatSendsCopiesIsTold) {
  class FirstTwo final : public PathScheduler {
   public:
    void on_paths(std::span<const PathView> paths) override { count_ = paths.size(); }
    Choice choose(std::uint64_t, std::uint32_t wanted) noexcept override {
      return {0, wanted, count_ > 1 ? std::optional(1u) : std::nullopt};
    }

   private:
    std::size_t count_ = 0;
  };
  ClusterParameters cluster = plain_cluster();
  cluster.duplication = true;
  Gateway gateway(cluster, std::make_unique<FirstTwo>());
  for (const std::uint32_t index : {1u, 2u, 3u}) {
    auto parameters = outbound_parameters(cluster, index);
    if (index != 2) parameters.lifetime.hard.packets = 1;
    ASSERT_TRUE(gateway.cluster().join(SubSaId{index}, std::move(parameters)));
  }
  gateway.send_batch(3);
  std::vector<Spi> ended;
  for (const auto& event : gateway.actions().events)
    if (const auto* lifetime = std::get_if<ipsec::LifetimeReached>(&event); lifetime && lifetime->hard)
      ended.push_back(lifetime->spi);
  EXPECT_THAT(ended, testing::UnorderedElementsAre(Spi{0x1001}, Spi{0x1003}));
}

// A source was told the least that an IP version allows where no size fits any sub-SA; and every sub-SA was
// asked for what fits for each packet, though only so many sources are told.
TEST(ClusterReview, N015SourcesAreToldWhatFitsOrNothing) {
  Gateway gateway;
  ASSERT_TRUE(gateway.join(1));
  ipsec::OutboundSa* const sa = gateway.cluster().outbound(SubSaId{1});
  sa->set_path_mtu(1400);
  OfOne group(sa, 0);
  gateway.path().use(cluster_id, &group);
  const Octets large = ipsec::test::udp_packet(true, 1400);
  EXPECT_EQ(gateway.send(large).discard, Discard::packet_too_big);
  EXPECT_EQ(gateway.actions().emissions.size(), 0u);
  group = {sa, 1300};
  std::size_t told = 0;
  for (int i = 0; i < 50; ++i) {
    EXPECT_EQ(gateway.send(large).discard, Discard::packet_too_big);
    told += gateway.actions().emissions.size();
  }
  EXPECT_EQ(told, ipsec::IcmpErrorRate::Limits{}.burst - 1);
  EXPECT_EQ(static_cast<std::size_t>(group.asked), told);
}

// A further worker's part was made without a look at its leases.
//= profile/4/leases-of-at-most-64
TEST(ClusterReview, N016EveryWorkersLeasesAreChecked) {
  Gateway gateway, other;
  other.owned().reset();
  const auto part = [&](std::uint32_t numbers) {
    return SaCluster::make(
        gateway.cluster().core(),
        {other.path(), provider(), std::make_unique<RoundRobin>(1), LeaseRules{.numbers = numbers}});
  };
  EXPECT_TRUE(part(64));
  const auto refused = part(65);
  ASSERT_FALSE(refused);
  EXPECT_THAT(to_string(refused.error()), HasSubstr("lease numbers: expected 1 to 64"));
}

// A packet that did not fit the path of an SA whose time was over was not tried on another one, where it may
// fit, for its size was looked at first.
TEST(ClusterReview, N017WhatIsTooLargeForAnEndedSaIsTriedElsewhere) {
  Gateway gateway;
  for (const std::uint32_t index : {1u, 2u}) {
    auto parameters = outbound_parameters(plain_cluster(), index);
    if (index == 1) {
      parameters.path_mtu = 1300;
      parameters.lifetime.hard.until = Instant(1s);
    }
    ASSERT_TRUE(gateway.cluster().join(SubSaId{index}, std::move(parameters)));
  }
  const auto sent = gateway.send(ipsec::test::udp_packet(true, 1300), Instant(2s));
  ASSERT_EQ(sent.discard, Discard::none);
  EXPECT_EQ(sent.spi(), Spi{0x1002});
  EXPECT_EQ(gateway.actions().emissions.size(), 0u) << "and its source is told nothing";
}

}  // namespace
}  // namespace mpsec::cluster
