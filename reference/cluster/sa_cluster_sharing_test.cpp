// Numbers, window and places over workers, and numbers alone towards peers without clusters.
#include <gtest/gtest.h>

#include "cluster/test_cluster.hpp"

namespace mpsec::cluster {
namespace {

using namespace test;
using ipsec::Discard;

//= profile/8/shared-numbers-to-an-ordinary-peer
//= profile/8/ordinary-peers-numbers-are-per-sa
TEST(SaCluster, AnOrdinaryPeerTakesSharedNumbersOfThirtyTwoBits) {
  ClusterParameters parameters = plain_cluster();
  parameters.peer = PeerKind::ordinary;
  parameters.extended_sequence_numbers = false;
  Gateway sender(parameters);
  std::vector<std::unique_ptr<ipsec::test::SaPair>> peer;  // each SA with a window of its own
  for (std::uint32_t index = 1; index <= 3; ++index) {
    ASSERT_TRUE(sender.join(index));
    peer.push_back(std::make_unique<ipsec::test::SaPair>(outbound_parameters(parameters, index),
                                                         inbound_parameters(parameters, index), provider()));
  }
  for (int i = 0; i < 30; ++i) {
    const auto sent = sender.send(ipsec::test::udp_packet(false, 20));
    const auto received = peer[sent.spi().value - 0x1001]->receive(sent.packet);
    EXPECT_EQ(received.discard, Discard::none) << i;
    EXPECT_EQ(received.number, sent.number);
  }
}

TEST(SaCluster, WorkersShareNumbersWindowAndPlaces) {
  ClusterParameters parameters = plain_cluster();
  parameters.most_sub_sas = 2;
  Gateway sender(parameters);
  SeededRng rng(3);
  ipsec::StandardLifetimePolicy lifetime;
  ipsec::StandardInboundPolicy policy;
  ipsec::DataPath second_path({}, {rng, lifetime, policy});
  const auto made =
      SaCluster::make(sender.cluster().core(),
                      {second_path, provider(), std::make_unique<RoundRobin>(1), LeaseRules{.numbers = 8}});
  SaCluster& second = **made;
  ASSERT_TRUE(sender.join(1));
  ASSERT_TRUE(second.join(SubSaId{2}, outbound_parameters(parameters, 2)));
  EXPECT_FALSE(sender.join(3));
  const auto flow = ipsec::selectors_of(ipsec::test::udp_packet(false, 1), ipsec::Direction::outbound);
  const auto choice = second.choose(*flow, 4, Instant{});
  EXPECT_EQ(choice.sa->sequence_source().take(4).first, 1u);
  EXPECT_EQ(sender.send(ipsec::test::udp_packet(false, 20)).number, 9u);
  EXPECT_EQ(choice.sa->sequence_source().take(4).first, 5u);
  EXPECT_EQ(second.leases().sent, 8u);
}

}  // namespace
}  // namespace mpsec::cluster
