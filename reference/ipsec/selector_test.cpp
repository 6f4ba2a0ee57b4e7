#include "ipsec/selector.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace mpsec::ipsec {
namespace {

AddressRange range(std::string_view text) {
  const auto parsed = AddressRange::parse(text);
  EXPECT_TRUE(parsed) << text;
  return parsed.value_or(AddressRange{});
}

std::string fault(const Selector& selector) {
  const auto valid = validate(selector, "policy 'x'");
  return valid ? "valid" : to_string(valid.error());
}

Selector tcp(PortSelector local, PortSelector remote) {
  return {.local = {},
          .remote = {},
          .protocol = ProtocolSelector::number(6),
          .local_port = std::move(local),
          .remote_port = std::move(remote)};
}

PacketSelectors tcp_packet(std::uint32_t local_port, std::uint32_t remote_port) {
  return {.local = number_of(ip("10.0.0.5")),
          .remote = number_of(ip("10.1.0.9")),
          .local_port = local_port,
          .remote_port = remote_port,
          .protocol = 6};
}

TEST(AddressRange, ParsesAddressPrefixAndPair) {
  EXPECT_EQ(range("192.0.2.7"), AddressRange::of(ip("192.0.2.7")));
  EXPECT_EQ(range("192.0.2.0/24"), (AddressRange{ip("192.0.2.0"), ip("192.0.2.255")}));
  EXPECT_EQ(range("0.0.0.0/0"), (AddressRange{ip("0.0.0.0"), ip("255.255.255.255")}));
  EXPECT_EQ(range("::/0"), (AddressRange{ip("::"), ip("ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff")}));
  EXPECT_EQ(range("2001:db8::/32"),
            (AddressRange{ip("2001:db8::"), ip("2001:db8:ffff:ffff:ffff:ffff:ffff:ffff")}));
  EXPECT_EQ(range("192.0.2.3-192.0.2.9"), (AddressRange{ip("192.0.2.3"), ip("192.0.2.9")}));
  EXPECT_EQ(to_string(range("192.0.2.3-192.0.2.9")), "192.0.2.3-192.0.2.9");
}

TEST(AddressRange, RefusesWhatIsNoRange) {
  for (const char* bad : {"", "10.0.0.0/33", "10.0.0.0/", "10.0.0.0/8x", "10.0.0.1/8", "10.0.0.9-10.0.0.1",
                          "10.0.0.1-::1", "10.0.0.1-", "-10.0.0.1", "::/129", "x/8"})
    EXPECT_FALSE(AddressRange::parse(bad)) << bad;
}

TEST(Validate, NamesReversedAndMixedRanges) {
  Selector selector;
  selector.local = {{ip("10.0.0.9"), ip("10.0.0.1")}};
  EXPECT_EQ(fault(selector), "policy 'x'/local: 10.0.0.9-10.0.0.1: range reversed (RFC 4301 4.4.1.1)");
  selector.local = {{ip("10.0.0.9"), ip("::1")}};
  EXPECT_THAT(fault(selector), testing::HasSubstr("families mixed in one range"));
  selector.local = {range("10.0.0.0/8")};
  selector.remote = {range("2001:db8::/32")};
  EXPECT_EQ(
      fault(selector),
      "policy 'x'/remote: 2001:db8::-2001:db8:ffff:ffff:ffff:ffff:ffff:ffff: IPv4 and IPv6 mixed in one "
      "selector; allowed: one family (RFC 4301 4.4.1.1)");
}

TEST(Validate, NamesPortsThatCannotBe) {
  EXPECT_EQ(fault(tcp(PortSelector::one(80), PortSelector::any())), "valid");
  EXPECT_EQ(fault(tcp({{9, 8}}, PortSelector::any())),
            "policy 'x'/local_port: 9-8: range reversed (RFC 4301 4.4.1.1)");
  EXPECT_THAT(fault(tcp(PortSelector::any(), PortSelector::of({}))), testing::HasSubstr("empty list"));
  Selector selector = tcp(PortSelector::one(80), PortSelector::any());
  selector.protocol = ProtocolSelector::number(50);
  EXPECT_EQ(fault(selector),
            "policy 'x'/local_port: protocol 50 has no ports; allowed: ANY or OPAQUE (RFC 4301 4.4.1.3)");
  selector.protocol = ProtocolSelector::any();
  EXPECT_THAT(fault(selector), testing::HasSubstr("protocol is ANY; allowed: ANY"));
  selector.protocol = ProtocolSelector::opaque();
  EXPECT_THAT(fault(selector), testing::HasSubstr("allowed: ANY or OPAQUE"));
  selector.local_port = PortSelector::opaque();
  EXPECT_EQ(fault(selector), "valid");
  selector.local = {range("10.0.0.0/8")};
  EXPECT_THAT(fault(selector), testing::HasSubstr("OPAQUE with IPv4 addresses"));
}

TEST(Matches, AnyTakesEverythingAlsoWhatIsOutOfSight) {
  EXPECT_TRUE(matches({}, tcp_packet(1, 2)));
  PacketSelectors hidden = tcp_packet(unavailable_port, unavailable_port);
  EXPECT_TRUE(matches(tcp(PortSelector::any(), PortSelector::any()), hidden));
  hidden.protocol = unavailable_protocol;
  EXPECT_TRUE(matches({}, hidden));
  EXPECT_FALSE(matches(tcp(PortSelector::any(), PortSelector::any()), hidden));
}

TEST(Matches, OpaqueTakesOnlyWhatIsOutOfSight) {
  const Selector opaque = tcp(PortSelector::opaque(), PortSelector::opaque());
  EXPECT_TRUE(matches(opaque, tcp_packet(unavailable_port, unavailable_port)));
  EXPECT_FALSE(matches(opaque, tcp_packet(0, 0)));
  EXPECT_FALSE(matches(opaque, tcp_packet(65535, 65535)));
}

TEST(Matches, PortRangesNeedAPortToSee) {
  const Selector web = tcp(PortSelector::any(), {{0, 79}, {443, 65535}});
  EXPECT_TRUE(matches(web, tcp_packet(1, 79)));
  EXPECT_FALSE(matches(web, tcp_packet(1, 80)));
  EXPECT_TRUE(matches(web, tcp_packet(1, 65535)));
  EXPECT_FALSE(matches(web, tcp_packet(unavailable_port, unavailable_port)));
}

TEST(Matches, ListsOfAddressesMatchByAnyRangeOfTheRightFamily) {
  Selector selector;
  selector.remote = {range("10.0.0.0/24"), range("10.1.0.0/24")};
  EXPECT_TRUE(matches(selector, tcp_packet(1, 2)));
  PacketSelectors v6 = tcp_packet(1, 2);
  v6.version = IpVersion::v6;
  EXPECT_FALSE(matches(selector, v6));
  selector.remote.pop_back();
  EXPECT_FALSE(matches(selector, tcp_packet(1, 2)));
}

TEST(Matches, IcmpTypesAndCodesCompareAsOneNumber) {
  Selector selector;
  selector.protocol = ProtocolSelector::number(1);
  selector.local_port = {icmp_range(3, 5, 2, 1)};
  PacketSelectors packet = tcp_packet(unavailable_port, unavailable_port);
  packet.protocol = 1;
  const auto sent = [&](std::uint32_t type, std::uint32_t code) {
    packet.local_port = type << 8 | code;
    return matches(selector, packet);
  };
  EXPECT_FALSE(sent(3, 1));
  EXPECT_TRUE(sent(3, 2));
  EXPECT_TRUE(sent(4, 255));
  EXPECT_TRUE(sent(5, 1));
  EXPECT_FALSE(sent(5, 2));
}

TEST(Matches, LocalFieldSaysWhatMayBeSentAndRemoteFieldWhatMayBeReceived) {
  // RFC 4301 4.4.1.3 D: traceroute may be sent, not received.
  Selector selector;
  selector.protocol = ProtocolSelector::number(1);
  selector.local_port = {icmp_range(30, 30)};
  selector.remote_port = PortSelector::opaque();
  PacketSelectors packet{.local = 1, .remote = 2, .local_port = 30 << 8, .protocol = 1};
  EXPECT_TRUE(matches(selector, packet));
  packet = {.local = 1, .remote = 2, .remote_port = 30 << 8, .protocol = 1, .direction = Direction::inbound};
  EXPECT_FALSE(matches(selector, packet));
  selector.remote_port = {icmp_range(30, 30)};
  EXPECT_TRUE(matches(selector, packet));
}

TEST(Selector, PrintsItself) {
  Selector selector = tcp({{80, 80}, {8000, 8080}}, PortSelector::opaque());
  selector.remote = {range("10.0.0.0/24"), range("10.1.0.1")};
  EXPECT_EQ(to_string(selector),
            "local ANY port 80,8000-8080, remote 10.0.0.0-10.0.0.255,10.1.0.1 port OPAQUE, protocol 6");
}

}  // namespace
}  // namespace mpsec::ipsec
