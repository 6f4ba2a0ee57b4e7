#include "cluster/cluster_end.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "cluster/test_cluster.hpp"

namespace mpsec::cluster {
namespace {

using namespace test;
using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::IsEmpty;

// A receiving end whose cluster restores order, and a sender's gateway with the same sub-SAs.
struct Ends {
  explicit Ends(std::uint32_t sub_sas, ReorderOptions options = {},
                ClusterParameters parameters = plain_cluster())
      : sender(parameters), gateway(parameters), end(gateway.path(), provider()) {
    gateway.owned().reset();  // the end has its own
    ClusterEnd::Policy policy{.scheduler = std::make_unique<RoundRobin>(1)};
    policy.reordering.emplace(options, std::make_unique<ReleaseByTime>(50ms));
    EXPECT_TRUE(end.found(parameters, std::move(policy)));
    for (std::uint32_t index = 1; index <= sub_sas; ++index) {
      EXPECT_TRUE(sender.join(index));
      EXPECT_TRUE(end.join(cluster_id, SubSaId{index}, inbound_parameters(parameters, index), Instant{}));
    }
  }
  Gateway::Sent send() { return sender.send(ipsec::test::udp_packet(false, 20)); }
  // The numbers that are delivered because of it.
  std::vector<std::uint64_t> receive(OctetView datagram, Instant now = {}) {
    actions.clear();
    ipsec::HeldPacket held(datagram);
    end.receive({&held.buffer(), 1}, now, actions);
    return delivered();
  }
  std::vector<std::uint64_t> on_time(Instant now) {
    actions.clear();
    end.on_time(now, actions);
    return delivered();
  }
  std::vector<std::uint64_t> delivered() const {
    std::vector<std::uint64_t> numbers;
    for (const auto& delivery : actions.packets.deliveries) {
      numbers.push_back(delivery.number);
      EXPECT_EQ(Octets(delivery.packet.view().begin(), delivery.packet.view().end()),
                ipsec::test::udp_packet(false, 20));
    }
    return numbers;
  }

  Gateway sender, gateway;
  ClusterEnd end;
  ClusterEnd::Actions actions;
};

//= draft-zhang/3.3/order-is-restored-by-number
//= profile/7/only-accepted-packets
TEST(ClusterEnd, DeliversInTheOrderOfNumbers) {
  Ends ends(3);
  const auto one = ends.send(), two = ends.send(), three = ends.send();
  EXPECT_THAT(ends.receive(three.packet), IsEmpty());
  EXPECT_THAT(ends.receive(one.packet), ElementsAre(1u));
  EXPECT_THAT(ends.receive(two.packet), ElementsAre(2u, 3u));
}

TEST(ClusterEnd, ReleasesWhenTheTimeIsOver) {
  Ends ends(2);
  const auto one = ends.send(), two = ends.send();
  EXPECT_THAT(ends.receive(two.packet, Instant(1s)), IsEmpty());
  ASSERT_EQ(ends.end.next_deadline(), Instant(1s + 50ms));
  EXPECT_THAT(ends.on_time(Instant(1s + 50ms)), ElementsAre(2u));
  EXPECT_THAT(ends.receive(one.packet, Instant(2s)), ElementsAre(1u)) << "late, and delivered all the same";
}

TEST(ClusterEnd, ADummyPacketStallsNothing) {
  Ends ends(1);
  ipsec::HeldPacket held(OctetView{}, 128, 512);
  ipsec::Outgoing dummy{.packet = held.buffer()};
  SeededRng rng(1);
  ipsec::StandardLifetimePolicy lifetime;
  ipsec::AhAuthenticator ah;
  ends.sender.cluster().outbound(SubSaId{1})->protect_dummy(dummy, 64, {}, {rng, lifetime, ah});
  const auto two = ends.send();
  EXPECT_THAT(ends.receive(two.packet), IsEmpty());
  EXPECT_THAT(ends.receive(dummy.packet.view()), ElementsAre(2u));
}

TEST(ClusterEnd, WhatWaitsIsDeliveredThoughItsSubSaHasLeft) {
  Ends ends(2);
  const auto one = ends.send(), two = ends.send();
  EXPECT_THAT(ends.receive(two.packet), IsEmpty());
  EXPECT_TRUE(ends.end.leave(cluster_id, SubSaId{two.spi().value - 0x1000}));
  EXPECT_THAT(ends.receive(one.packet), ElementsAre(1u, 2u));
}

TEST(ClusterEnd, WhatWaitsIsDeliveredWhenTheClusterEnds) {
  Ends ends(2);
  ends.send();
  EXPECT_THAT(ends.receive(ends.send().packet), IsEmpty());
  ends.actions.clear();
  EXPECT_TRUE(ends.end.end(cluster_id, Instant{}, ends.actions));
  EXPECT_THAT(ends.delivered(), ElementsAre(2u));
  EXPECT_FALSE(ends.end.end(cluster_id, Instant{}, ends.actions));
  EXPECT_EQ(ends.end.next_deadline(), std::nullopt);
}

TEST(ClusterEnd, WhatIsNotOfAClusterPassesAtOnce) {
  Ends ends(1);
  const ipsec::test::SaPlan plan{.extended = true, .seed = 99};
  auto in = ipsec::test::inbound_parameters(plan), alone = ipsec::test::inbound_parameters(plan);
  auto out = ipsec::test::outbound_parameters(plan);
  in.spi = alone.spi = out.spi = Spi{0x9000};
  ipsec::test::SaPair peer(std::move(out), std::move(in), provider());
  ASSERT_TRUE(ends.end.data_path().add(ipsec::InboundSa::make(std::move(alone), provider()).value()));
  const Octets clear = ipsec::test::udp_packet(false, 20);
  peer.protect(clear);
  EXPECT_THAT(ends.receive(peer.protect(clear)), ElementsAre(2u)) << "its number 1 is not waited for";
}

// The buffer was told of paths by their numbers, and of each packet's path by its sub-SA's name: it never saw
// that every path had passed a lost number, so packets waited for their whole time.
TEST(ClusterReview, N013WhatIsLostOnPathsThatKeepOrderIsNotWaitedFor) {
  Ends ends(2, {.fifo_paths = true});
  ends.send();  // lost; its sub-SA sends every other number
  const auto two = ends.send(), three = ends.send();
  EXPECT_THAT(ends.receive(two.packet), IsEmpty());
  EXPECT_THAT(ends.receive(three.packet), ElementsAre(2u, 3u));
  EXPECT_EQ(ends.end.reordering(cluster_id)->counters().of(ReleaseCause::fifo), 2u);
}

TEST(ClusterEnd, PathsThatGiveNoAnswerAreSparedAndComeBack) {
  const ClusterParameters parameters = plain_cluster();
  Gateway gateway(parameters);
  gateway.owned().reset();
  ClusterEnd end(gateway.path(), provider());
  ASSERT_TRUE(end.found(parameters, {.scheduler = std::make_unique<RoundRobin>(1)}));
  for (const std::uint32_t index : {1u, 2u})
    ASSERT_TRUE(end.join(cluster_id, SubSaId{index}, outbound_parameters(parameters, index), Instant{}));
  auto spis = [&] {
    std::set<Spi> seen;
    for (int i = 0; i < 4; ++i)
      seen.insert(gateway.send(ipsec::test::udp_packet(false, 20)).spi());
    return seen;
  };
  EXPECT_EQ(spis().size(), 2u);
  ClusterEnd::Actions said;
  for (int i = 0; i < 4; ++i)
    end.on_unanswered(cluster_id, SubSaId{1}, said);
  EXPECT_THAT(spis(), ElementsAre(Spi{0x1002}));
  for (int i = 0; i < 8; ++i)
    end.on_answer(cluster_id, SubSaId{1}, Instant(1s * i), 20ms, said);
  EXPECT_EQ(spis().size(), 2u);
  end.on_give_up(cluster_id, SubSaId{2}, said);
  EXPECT_THAT(spis(), ElementsAre(Spi{0x1001}));
  std::string told;
  for (const ClusterEvent& event : said.events)
    if (const auto* changed = std::get_if<PathChanged>(&event))
      told += fmt::format("{} {}; ", changed->sub_sa.value, to_string(changed->to));
  EXPECT_EQ(told, "1 suspect; 1 dead; 1 alive; 2 dead; ");
}

TEST(ClusterEnd, MeasuresAsManyNumbersAsItsWindowHas) {
  const ClusterParameters parameters = plain_cluster();
  Gateway gateway(parameters);
  gateway.owned().reset();
  ClusterEnd end(gateway.path(), provider());
  ASSERT_TRUE(end.found(parameters, {.scheduler = std::make_unique<RoundRobin>(1), .metrics = true}));
  ASSERT_NE(end.metrics(cluster_id), nullptr);
  EXPECT_EQ(end.metrics(cluster_id)->report().window.size, parameters.replay_window);
}

TEST(ClusterEnd, RefusesWhatCannotBe) {
  ClusterParameters parameters = plain_cluster();
  Gateway gateway(parameters);
  gateway.owned().reset();
  ClusterEnd end(gateway.path(), provider());
  EXPECT_FALSE(end.join(cluster_id, SubSaId{1}, outbound_parameters(parameters, 1), Instant{}));
  ASSERT_TRUE(end.found(parameters, {.scheduler = std::make_unique<RoundRobin>(1)}));
  EXPECT_FALSE(end.found(parameters, {.scheduler = std::make_unique<RoundRobin>(1)}));
  parameters.id = ipsec::ClusterId{8};
  parameters.anti_replay = false;
  ClusterEnd::Policy policy{.scheduler = std::make_unique<RoundRobin>(1)};
  policy.reordering.emplace(ReorderOptions{}, std::make_unique<ReleaseByTime>(50ms));
  EXPECT_FALSE(end.found(parameters, std::move(policy))) << "no order without anti-replay";
  EXPECT_EQ(end.find(parameters.id), nullptr);
}

}  // namespace
}  // namespace mpsec::cluster
