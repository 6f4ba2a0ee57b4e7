#include "ike/traffic_selectors.hpp"

#include <gtest/gtest.h>

#include "ike/transport_nat.hpp"

namespace mpsec::ike {
namespace {

using ipsec::PortSelector;
using ipsec::ProtocolSelector;
using ipsec::Selector;
using wire::ike::TrafficSelector;

TrafficSelector ts(std::string_view range, std::uint8_t protocol = 0, wire::ike::PortRange ports = {}) {
  const auto addresses = ipsec::AddressRange::parse(range).value();
  return TrafficSelector::range(addresses.first, addresses.last, protocol, ports);
}

Selector selector(ProtocolSelector protocol, PortSelector local = {}, PortSelector remote = {}) {
  return {.local = {ipsec::AddressRange::parse("192.0.2.0/24").value()},
          .remote = {ipsec::AddressRange::parse("198.51.100.1").value()},
          .protocol = protocol,
          .local_port = std::move(local),
          .remote_port = std::move(remote)};
}

//= rfc7296/3.13.1/any-and-opaque-ports
TEST(TrafficSelectors, WritePortsTypesAndOpaqueAsTheWireDoes) {
  struct Line {
    Selector policy;
    TrafficSelector local, remote;
  };
  const Line lines[] = {
      {selector(ProtocolSelector::any()), ts("192.0.2.0/24"), ts("198.51.100.1")},
      {selector(ProtocolSelector::number(6), PortSelector::any(), PortSelector::one(443)),
       ts("192.0.2.0/24", 6), ts("198.51.100.1", 6, {443, 443})},
      {selector(ProtocolSelector::number(17), PortSelector::opaque(), {}), ts("192.0.2.0/24", 17, {65535, 0}),
       ts("198.51.100.1", 17)},
      {selector(ProtocolSelector::number(1), {ipsec::icmp_range(8, 8)}, PortSelector::opaque()),
       ts("192.0.2.0/24", 1, {0x0800, 0x08ff}), ts("198.51.100.1", 1, {65535, 0})},
      {selector(ProtocolSelector::number(135), {ipsec::mobility_types(5, 5)}, PortSelector::opaque()),
       ts("192.0.2.0/24", 135, {0x0500, 0x05ff}), ts("198.51.100.1", 135, {65535, 0})},
  };
  for (const Line& line : lines) {
    const auto pair = to_traffic_selectors(std::span(&line.policy, 1));
    ASSERT_TRUE(pair) << to_string(line.policy);
    EXPECT_EQ(*pair, (TrafficSelectorPair{{line.local}, {line.remote}})) << to_string(line.policy);
    EXPECT_EQ(to_selectors(*pair), std::vector{line.policy});
  }
}

TEST(TrafficSelectors, AskForBothFamiliesWhereAnyIsAllowed) {
  const Selector any;
  const auto pair = to_traffic_selectors(std::span(&any, 1));
  ASSERT_TRUE(pair);
  EXPECT_EQ(pair->local, (std::vector{ts("0.0.0.0/0"), ts("::/0")}));
}

//= rfc7296/2.9.1/no-selectors-against-own-policy
TEST(TrafficSelectors, RefuseToAskForMoreThanPolicyAllows) {
  std::vector<Selector> crossed{selector(ProtocolSelector::any()), selector(ProtocolSelector::any())};
  crossed[1].local = {ipsec::AddressRange::parse("203.0.113.0/24").value()};
  EXPECT_TRUE(to_traffic_selectors(crossed)) << "one remote part for both";
  crossed[1].remote = {ipsec::AddressRange::parse("198.51.100.2").value()};
  const auto refused = to_traffic_selectors(crossed);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().clause, "RFC 7296 2.9.1");
  const Selector opaque = selector(ProtocolSelector::opaque());
  EXPECT_FALSE(to_traffic_selectors(std::span(&opaque, 1)));
  EXPECT_FALSE(to_traffic_selectors({}));
}

TEST(TrafficSelectors, PassOverWhatCannotBeUnderstood) {
  TrafficSelector reversed = ts("192.0.2.0/24");
  std::swap(reversed.start_v4, reversed.end_v4);
  const TrafficSelector bad[] = {reversed, ts("192.0.2.0/24", 0, {80, 80}), ts("192.0.2.0/24", 6, {9, 8}),
                                 ts("192.0.2.0/24", 50, {1, 2})};
  for (const TrafficSelector& each : bad) {
    EXPECT_TRUE(to_selectors({{each}, {ts("198.51.100.1")}}).empty()) << to_string(each);
    EXPECT_FALSE(check_narrowed({{ts("0.0.0.0/0")}, {ts("0.0.0.0/0")}}, {{each}, {ts("198.51.100.1")}}));
  }
  EXPECT_TRUE(to_selectors({{ts("192.0.2.1", 6)}, {ts("198.51.100.1", 17)}}).empty()) << "protocols differ";
  EXPECT_TRUE(to_selectors({{ts("192.0.2.1")}, {ts("2001:db8::1")}}).empty()) << "families differ";
}

//= rfc7296/2.9/answer-is-a-subset-of-the-proposal
TEST(TrafficSelectors, CatchAnAnswerThatIsWider) {
  const TrafficSelectorPair asked{{ts("192.0.2.0/25"), ts("192.0.2.128/25", 6)}, {ts("198.51.100.0/24")}};
  EXPECT_TRUE(check_narrowed(asked, asked));
  EXPECT_TRUE(check_narrowed(asked, {{ts("192.0.2.0/24", 6)}, {ts("198.51.100.1")}})) << "across both";
  EXPECT_FALSE(check_narrowed(asked, {{ts("192.0.2.0/24")}, {ts("198.51.100.1")}}));
  EXPECT_FALSE(check_narrowed(asked, {{ts("192.0.2.0/24", 6)}, {ts("198.51.101.0")}}));
  EXPECT_FALSE(check_narrowed(asked, {}));
}

//= rfc7296/2.9/specific-selectors-of-the-packet-come-first
TEST(TrafficSelectors, AreLedByThePacket) {
  const ipsec::PacketSelectors packet{
      .local = 0xc0000207, .remote = 0xc6336401, .local_port = 5000, .remote_port = 80, .protocol = 6};
  const auto pair = led_by(packet, {{ts("192.0.2.0/24")}, {ts("198.51.100.0/24")}});
  EXPECT_EQ(pair.local, (std::vector{ts("192.0.2.7", 6, {5000, 5000}), ts("192.0.2.0/24")}));
  EXPECT_EQ(pair.remote, (std::vector{ts("198.51.100.1", 6, {80, 80}), ts("198.51.100.0/24")}));
}

TEST(TrafficSelectors, ChangeSidesWithTheRole) {
  const TrafficSelectorPair pair{{ts("192.0.2.1")}, {ts("198.51.100.1")}};
  EXPECT_EQ(initiator_payload(Role::responder, pair).selectors, pair.remote);
  for (const Role role : {Role::initiator, Role::responder})
    EXPECT_EQ(pair_of(role, initiator_payload(role, pair), responder_payload(role, pair)), pair);
}

// The figure of RFC 7296 2.23.1: IP1 behind NAT A (IPN1), IP2 behind NAT B (IPN2).
const Endpoint ip1{ip("10.0.0.1"), 4500}, ipn1{ip("203.0.113.1"), 1025}, ip2{ip("10.9.9.9"), 4500},
    ipn2{ip("203.0.113.2"), 4500};

TrafficSelector host(const Endpoint& endpoint, std::uint8_t protocol = 17) {
  return TrafficSelector::range(endpoint.address, endpoint.address, protocol);
}

//= rfc7296/2.23.1/address-behind-a-nat-is-replaced
//= rfc7296/2.23.1/received-addresses-are-kept-for-checksums
TEST(TransportNat, SubstitutesOnBothEndsAsInTheFigure) {
  const NatState both{true, true};
  const TrafficSelectorPair client{{host(ip1)}, {host(ipn2)}};
  ASSERT_TRUE(check_transport(client, {ip1, ipn2}));
  const auto server = substitute({client.remote, client.local}, {ip2, ipn1}, both);
  ASSERT_TRUE(server);
  EXPECT_EQ(server->selectors, (TrafficSelectorPair{{host(ip2)}, {host(ipn1)}}));
  EXPECT_EQ(server->received, (TrafficSelectorPair{{host(ipn2)}, {host(ip1)}})) << "to undo it";
  EXPECT_EQ(server->original.source, ip1.address);
  EXPECT_EQ(server->original.destination, ipn2.address);
  const TrafficSelectorPair answer{server->selectors.remote, server->selectors.local};
  const auto back = substitute(answer, {ip1, ipn2}, both);
  ASSERT_TRUE(back);
  EXPECT_EQ(back->selectors, client);
  EXPECT_TRUE(check_narrowed(client, back->selectors));
  EXPECT_EQ(back->original.source, ip2.address);
  EXPECT_EQ(back->original.destination, ipn1.address);
}

TEST(TransportNat, ReplacesOnlyWhatANatHides) {
  const TrafficSelectorPair received{{host(ip2)}, {host(ip1, 6), host(ip1, 17)}};
  const Path path{ip2, ipn1};
  EXPECT_EQ(substitute(received, path, {})->selectors, received);
  const auto peer_hidden = substitute(received, path, {.peer_is_behind = true});
  EXPECT_EQ(peer_hidden->selectors, (TrafficSelectorPair{{host(ip2)}, {host(ipn1, 6), host(ipn1, 17)}}));
}

//= rfc7296/2.23.1/one-address-on-each-side
TEST(TransportNat, WantsOneAddressOnEachSide) {
  const Path path{ip2, ipn1};
  const NatState nat{.peer_is_behind = true};
  EXPECT_FALSE(substitute({{host(ip2)}, {ts("10.0.0.0/24")}}, path, nat));
  EXPECT_FALSE(substitute({{host(ip2)}, {host(ip1), host(ipn2)}}, path, nat));
  EXPECT_FALSE(substitute({{host(ip2)}, {}}, path, nat));
  EXPECT_FALSE(substitute({{host(ip2)}, {ts("2001:db8::1")}}, path, nat));
  const auto wrong = check_transport({{host(ip1)}, {host(ip2)}}, {ip1, ipn2});
  ASSERT_FALSE(wrong);
  EXPECT_EQ(
      to_string(wrong.error()),
      "traffic selectors/remote: expected 203.0.113.2, which IKE uses, found 10.9.9.9 (RFC 7296 2.23.1)");
}

}  // namespace
}  // namespace mpsec::ike
