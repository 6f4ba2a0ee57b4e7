#include "ipsec/policy.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace mpsec::ipsec {
namespace {

Policy protect() {
  Policy policy{.id = PolicyId{7}, .action = Action::protect, .name = "web", .selectors = {{}}};
  policy.protect = ProtectSpec{};
  policy.protect->endpoints = TunnelEndpoints{ip("192.0.2.1"), ip("192.0.2.2")};
  return policy;
}

std::string fault(const Policy& policy) {
  const auto valid = validate(policy);
  return valid ? "valid" : to_string(valid.error());
}

const PacketSelectors web{.local = number_of(ip("10.0.0.5")),
                          .remote = number_of(ip("192.0.2.3")),
                          .local_port = 1000,
                          .remote_port = 80,
                          .protocol = 6};

Selector web_selector() {
  Selector selector;
  selector.remote = {*AddressRange::parse("192.0.2.1-192.0.2.10")};
  selector.protocol = ProtocolSelector::number(6);
  selector.remote_port = {{80, 80}, {443, 443}};
  return selector;
}

TEST(Policy, NamesWhatIsWrongWithIt) {
  EXPECT_EQ(fault(protect()), "valid");
  Policy policy = protect();
  policy.selectors.clear();
  EXPECT_EQ(fault(policy),
            "policy 7 'web'/selectors: no selector set; need at least one, and one without any limits takes "
            "everything (RFC 4301 4.4.1.2)");
  policy = protect();
  policy.selectors.push_back({.local = {{ip("10.0.0.2"), ip("10.0.0.1")}}});
  EXPECT_EQ(fault(policy),
            "policy 7 'web'/selectors[1]/local: 10.0.0.2-10.0.0.1: range reversed (RFC 4301 4.4.1.1)");
  policy = protect();
  policy.inbound = false;
  EXPECT_THAT(fault(policy), testing::HasSubstr("PROTECT in one direction; allowed: both"));
  policy = protect();
  policy.inbound = policy.outbound = false;
  EXPECT_THAT(fault(policy), testing::HasSubstr("neither outbound nor inbound"));
  policy = protect();
  policy.protect = std::nullopt;
  EXPECT_THAT(fault(policy), testing::HasSubstr("PROTECT needs processing info"));
  policy = protect();
  policy.action = Action::bypass;
  EXPECT_THAT(fault(policy), testing::HasSubstr("processing info with BYPASS; allowed: none"));
  policy = protect();
  policy.by_peer_only = true;
  EXPECT_THAT(fault(policy), testing::HasSubstr("by peers only, but there are none"));
}

TEST(Policy, EndpointsGoWithTunnelMode) {
  Policy policy = protect();
  policy.protect->mode = Mode::transport;
  EXPECT_THAT(fault(policy), testing::HasSubstr("tunnel endpoints in transport mode"));
  policy.protect->endpoints = std::nullopt;
  EXPECT_EQ(fault(policy), "valid");
  policy.protect->mode = Mode::tunnel;
  EXPECT_THAT(fault(policy), testing::HasSubstr("tunnel mode without endpoints"));
  policy.protect->endpoints = TunnelEndpoints{ip("192.0.2.1"), ip("2001:db8::1")};
  EXPECT_THAT(fault(policy), testing::HasSubstr("192.0.2.1 and 2001:db8::1 are not of one family"));
}

TEST(Policy, MayNameAClusterInsteadOfATemplate) {
  Policy policy = protect();
  policy.protect->by = ClusterId{3};
  EXPECT_EQ(fault(policy), "valid");
}

TEST(Policy, RefusesPopulatingFromWhatIsNotThere) {
  Policy policy = protect();
  policy.protect->populate.remote_port = true;
  EXPECT_THAT(fault(policy), testing::HasSubstr("while any protocol stays allowed"));
  policy.protect->populate.protocol = true;
  EXPECT_EQ(fault(policy), "valid");
  policy.selectors[0].protocol = ProtocolSelector::number(6);
  policy.selectors[0].remote_port = PortSelector::opaque();
  EXPECT_THAT(fault(policy), testing::HasSubstr("OPAQUE value cannot come from the packet"));
}

TEST(SelectorsOfNewSa, AreThePolicysWithoutFlags) {
  Policy policy = protect();
  policy.selectors = {web_selector()};
  EXPECT_EQ(selectors_of_new_sa(policy, web), policy.selectors);
}

TEST(SelectorsOfNewSa, TakeFlaggedValuesFromThePacket) {
  Policy policy = protect();
  policy.selectors = {web_selector()};
  policy.protect->populate = {.remote_address = true, .remote_port = true};
  Selector expected = web_selector();
  expected.remote = {AddressRange::of(ip("192.0.2.3"))};
  expected.remote_port = PortSelector::one(80);
  EXPECT_THAT(*selectors_of_new_sa(policy, web), testing::ElementsAre(expected));

  policy.selectors = {{}};
  policy.protect->populate = {.local_address = true, .protocol = true, .local_port = true};
  expected = {};
  expected.local = {AddressRange::of(ip("10.0.0.5"))};
  expected.protocol = ProtocolSelector::number(6);
  expected.local_port = PortSelector::one(1000);
  EXPECT_THAT(*selectors_of_new_sa(policy, web), testing::ElementsAre(expected));
}

TEST(SelectorsOfNewSa, LeaveOutSetsThatDoNotAdmitTheValue) {
  Policy policy = protect();
  Selector elsewhere = web_selector();
  elsewhere.remote = {*AddressRange::parse("198.51.100.0/24")};
  Selector dns = web_selector();
  dns.protocol = ProtocolSelector::number(17);
  policy.selectors = {elsewhere, web_selector(), dns};
  policy.protect->populate.remote_address = true;
  EXPECT_EQ(selectors_of_new_sa(policy, web)->size(), 2u);
  policy.protect->populate.remote_port = true;
  EXPECT_EQ(selectors_of_new_sa(policy, web)->size(), 1u);
}

TEST(SelectorsOfNewSa, AreNoneWhereTheFlaggedValueIsOutOfSight) {
  Policy policy = protect();
  policy.selectors = {{.local = {}, .remote = {}, .protocol = ProtocolSelector::number(6)}};
  policy.protect->populate.remote_port = true;
  PacketSelectors fragment = web;
  fragment.local_port = fragment.remote_port = unavailable_port;
  EXPECT_EQ(selectors_of_new_sa(policy, fragment), std::nullopt);
  policy.selectors = {{}};
  policy.protect->populate = {.protocol = true};
  fragment.protocol = unavailable_protocol;
  EXPECT_EQ(selectors_of_new_sa(policy, fragment), std::nullopt);
}

TEST(SelectorsOfNewSa, TakeTheIcmpFieldForBothSides) {
  Policy policy = protect();
  policy.selectors = {{.local = {}, .remote = {}, .protocol = ProtocolSelector::number(1)}};
  policy.protect->populate = {.local_port = true, .remote_port = true};
  const PacketSelectors echo{.local_port = 0x0800, .protocol = 1};
  const auto selectors = selectors_of_new_sa(policy, echo);
  ASSERT_TRUE(selectors);
  EXPECT_EQ((*selectors)[0].local_port, PortSelector::one(0x0800));
  EXPECT_EQ((*selectors)[0].remote_port, PortSelector::one(0x0800));
}

}  // namespace
}  // namespace mpsec::ipsec
