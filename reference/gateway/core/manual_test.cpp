// SAs that no IKE has made.
#include <gtest/gtest.h>

#include "gateway/core/test_gateways.hpp"

namespace mpsec::gateway::test {
namespace {

// A pair of SAs between the two, as gateway `end` has it: keys and SPIs follow from the index and the sender.
ManualSa manual_sa(std::uint32_t end, std::uint32_t index, const ipsec::Selector& selector) {
  const std::uint32_t other = 3 - end;
  ManualSa sa{
      .name = fmt::format("sa {}", index), .policy = ipsec::PolicyId{1}, .inbound = {}, .outbound = {}};
  sa.inbound = ipsec::test::inbound_parameters({.extended = true, .seed = 10 * index + other});
  sa.outbound = ipsec::test::outbound_parameters({.extended = true, .seed = 10 * index + end});
  sa.inbound.spi = Spi{0x1000 * other + index};
  sa.outbound.spi = Spi{0x1000 * end + index};
  sa.inbound.source = sa.outbound.destination = outer(other, index);
  sa.inbound.destination = sa.outbound.source = outer(end, index);
  sa.inbound.selectors = sa.outbound.selectors = {selector};
  return sa;
}

// Two pairs at gateway 1, sub-SAs of a cluster that others might negotiate.
Plan in_a_cluster() {
  Plan plan;
  plan.start = Start::none;
  plan.cluster = true;
  plan.change = [](Settings& settings) {
    settings.clusters["net"].peer_window = 128;
    for (const std::uint32_t index : {0u, 1u}) {
      ManualSa sa = manual_sa(1, index, settings.policies[0].selectors[0]);
      sa.cluster = "net";
      sa.inbound.replay_window = settings.clusters["net"].wish.window;
      settings.sas.push_back(std::move(sa));
    }
  };
  return plan;
}

// The same pairs at gateway 2, which counts each for itself; one is for a single host.
Plan ordinary() {
  Plan plan;
  plan.start = Start::none;
  plan.change = [](Settings& settings) {
    ipsec::Selector selector = settings.policies[0].selectors[0];
    settings.sas.push_back(manual_sa(2, 0, selector));
    selector.local = {{IpAddress::v4(0x0a020006u), IpAddress::v4(0x0a020006u)}};
    settings.sas.push_back(manual_sa(2, 1, selector));
  };
  return plan;
}

TEST(ManualSas, OfAClusterTellOfAPeerThatDoesNotShareItsNumbers) {
  World world(in_a_cluster(), ordinary());
  world.send(world.b, packet(false, 1));
  Octets of_another_host = packet(false, 2);
  of_another_host[15] = 7;
  world.send(world.b, of_another_host);
  world.deliver_all();
  EXPECT_EQ(world.a.delivered.size(), 1u) << "both have the number 1";
  world.run_for(1s);
  world.send(world.b, packet(false, 3));
  world.deliver_all();
  EXPECT_FALSE((world.a.told<cluster::ClusterEvent, cluster::NumbersNotShared>().empty())) << world.logs();
}

TEST(ManualSas, OfAClusterCarryPacketsWithoutIke) {
  World world(in_a_cluster(), ordinary());
  for (std::uint8_t i = 1; i <= 4; ++i)
    world.send(world.a, packet(true, i));
  world.deliver_all();
  EXPECT_EQ(world.b.delivered.size(), 4u) << world.logs();
  const Status status = world.a.core().status();
  ASSERT_EQ(status.clusters.size(), 1u);
  EXPECT_EQ(status.clusters[0].valid_sub_sas, 2u);
  EXPECT_TRUE(status.ike_sas.empty());
}

}  // namespace
}  // namespace mpsec::gateway::test
