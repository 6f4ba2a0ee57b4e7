#include "ipsec/packet_selectors.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

namespace mpsec::ipsec {
namespace {

Octets v4_packet(std::uint8_t protocol, OctetView payload, std::uint16_t fragment = 0,
                 std::size_t option_words = 0) {
  Octets packet(20 + 4 * option_words, 0);
  packet[0] = static_cast<std::uint8_t>(0x45 + option_words);
  store_be(&packet[2], static_cast<std::uint16_t>(packet.size() + payload.size()));
  store_be(&packet[6], fragment);
  packet[9] = protocol;
  store_be(&packet[12], ip("192.0.2.1").v4_number());
  store_be(&packet[16], ip("198.51.100.2").v4_number());
  append(packet, payload);
  return packet;
}

Octets v6_packet(std::uint8_t next, OctetView payload) {
  Octets packet = hex("6000000000000040 20010db8000000000000000000000001 20010db8000000000000000000000002");
  store_be(&packet[4], static_cast<std::uint16_t>(payload.size()));
  packet[6] = next;
  append(packet, payload);
  return packet;
}

const Octets udp_500_to_4500 = hex("01f4 1194 0008 0000");

TEST(SelectorsOf, ReadsPlainUdpBothWays) {
  const Octets packet = v4_packet(17, udp_500_to_4500);
  const auto out = selectors_of(packet, Direction::outbound);
  ASSERT_TRUE(out);
  EXPECT_EQ(out->local, number_of(ip("192.0.2.1")));
  EXPECT_EQ(out->remote, number_of(ip("198.51.100.2")));
  EXPECT_EQ(out->local_port, 500u);
  EXPECT_EQ(out->remote_port, 4500u);
  EXPECT_EQ(out->protocol, 17);
  EXPECT_EQ(out->version, IpVersion::v4);
  EXPECT_EQ(out->next_layer_offset, 20);
  const auto in = selectors_of(packet, Direction::inbound);
  ASSERT_TRUE(in);
  EXPECT_EQ(in->local, out->remote);
  EXPECT_EQ(in->remote, out->local);
  EXPECT_EQ(in->local_port, 4500u);
  EXPECT_EQ(in->remote_port, 500u);
  EXPECT_EQ(to_string(*in), "inbound 17 local 198.51.100.2 port 4500, remote 192.0.2.1 port 500");
}

TEST(SelectorsOf, StepsOverIpv4Options) {
  const auto selectors = selectors_of(v4_packet(6, udp_500_to_4500, 0, 3), Direction::outbound);
  ASSERT_TRUE(selectors);
  EXPECT_EQ(selectors->local_port, 500u);
  EXPECT_EQ(selectors->next_layer_offset, 32);
}

TEST(SelectorsOf, LeavesTfcPaddingAlone) {
  Octets packet = v4_packet(17, udp_500_to_4500);
  packet.resize(packet.size() + 100, 0xaa);
  EXPECT_EQ(selectors_of(packet, Direction::outbound),
            selectors_of(v4_packet(17, udp_500_to_4500), Direction::outbound));
}

class PortProtocols : public testing::TestWithParam<int> {};
INSTANTIATE_TEST_SUITE_P(SelectorsOf, PortProtocols, testing::Values(6, 17, 33, 132, 136));
TEST_P(PortProtocols, HavePorts) {
  const auto protocol = static_cast<std::uint8_t>(GetParam());
  for (const Octets& packet : {v4_packet(protocol, udp_500_to_4500), v6_packet(protocol, udp_500_to_4500)}) {
    const auto selectors = selectors_of(packet, Direction::outbound);
    ASSERT_TRUE(selectors);
    EXPECT_EQ(selectors->local_port, 500u);
    EXPECT_EQ(selectors->remote_port, 4500u);
  }
}

TEST(SelectorsOf, PutsTypeAndCodeAtTheSendersSide) {
  const Octets echo = v4_packet(1, hex("0803 0000"));
  const auto out = selectors_of(echo, Direction::outbound);
  ASSERT_TRUE(out);
  EXPECT_EQ(out->local_port, 0x0803u);
  EXPECT_EQ(out->remote_port, unavailable_port);
  const auto in = selectors_of(v6_packet(58, hex("8000 0000")), Direction::inbound);
  ASSERT_TRUE(in);
  EXPECT_EQ(in->local_port, unavailable_port);
  EXPECT_EQ(in->remote_port, 0x8000u);
}

TEST(SelectorsOf, PutsTheMobilityTypeInTheHighOctet) {
  const auto selectors = selectors_of(v6_packet(135, hex("3b00 0500 0000 0000")), Direction::outbound);
  ASSERT_TRUE(selectors);
  EXPECT_EQ(selectors->local_port, 0x0500u);
  EXPECT_EQ(selectors->remote_port, unavailable_port);
}

TEST(SelectorsOf, TakesEspAndAhAsNextLayersWithoutPorts) {
  for (const std::uint8_t protocol : {std::uint8_t{50}, std::uint8_t{51}}) {
    const auto selectors = selectors_of(v6_packet(protocol, udp_500_to_4500), Direction::outbound);
    ASSERT_TRUE(selectors);
    EXPECT_EQ(selectors->protocol, protocol);
    EXPECT_EQ(selectors->local_port, unavailable_port);
    EXPECT_EQ(selectors->next_layer_offset, 40);
  }
}

TEST(SelectorsOf, HidesPortsOfANonInitialFragment) {
  const auto selectors = selectors_of(v4_packet(17, udp_500_to_4500, 0x0002), Direction::outbound);
  ASSERT_TRUE(selectors);
  EXPECT_EQ(selectors->protocol, 17);
  EXPECT_EQ(selectors->local_port, unavailable_port);
  EXPECT_EQ(selectors->remote_port, unavailable_port);
  EXPECT_EQ(selectors->fragment_offset, 16);
}

TEST(SelectorsOf, ReadsPortsOfTheFirstFragmentWhereTheyFit) {
  const auto whole = selectors_of(v4_packet(17, udp_500_to_4500, 0x2000), Direction::outbound);
  ASSERT_TRUE(whole);
  EXPECT_EQ(whole->remote_port, 4500u);
  const auto tiny = selectors_of(v4_packet(17, hex("01f4"), 0x2000), Direction::outbound);
  ASSERT_TRUE(tiny);
  EXPECT_EQ(tiny->remote_port, unavailable_port);
}

TEST(SelectorsOf, WalksTheIpv6ChainToTheNextLayer) {
  // Hop-by-hop, destination options of 16 octets, routing, atomic fragment, UDP.
  const Octets chain = hex(
      "3c00 0104 0000 0000  2b01 0104 0000 0000 0000 0000 0000 0000  2c00 0000 0000 0000  1100 0000 0000 0001"
      "01f4 1194 0008 0000");
  const auto selectors = selectors_of(v6_packet(0, chain), Direction::outbound);
  ASSERT_TRUE(selectors);
  EXPECT_EQ(selectors->protocol, 17);
  EXPECT_EQ(selectors->remote_port, 4500u);
  EXPECT_EQ(selectors->next_layer_offset, 80);
}

TEST(SelectorsOf, TakesHopByHopOptionsAsALayerAnywhereButInFront) {
  const Octets packet = v6_packet(60, hex("0000 0104 0000 0000 1100 0104 0000 0000 01f4 1194 0008 0000"));
  EXPECT_EQ(selectors_of(packet, Direction::outbound)->protocol, 0);
}

TEST(SelectorsOf, SkipsOnlyTheHeadersConfigured) {
  SkippedHeaders none;
  none.set(60, false);
  const Octets packet = v6_packet(60, hex("1100 0104 0000 0000 01f4 1194 0008 0000"));
  EXPECT_EQ(selectors_of(packet, Direction::outbound)->protocol, 17);
  EXPECT_EQ(selectors_of(packet, Direction::outbound, none)->protocol, 60);

  SkippedHeaders also_ah;
  also_ah.set(51, true);
  const Octets behind_ah =
      v6_packet(51, hex("1104 0000 00000100 00000001 000000000000000000000000 01f4 1194 0008 0000"));
  EXPECT_EQ(selectors_of(behind_ah, Direction::outbound)->protocol, 51);
  EXPECT_EQ(selectors_of(behind_ah, Direction::outbound, also_ah)->remote_port, 4500u);
}

TEST(SelectorsOf, KnowsOfALaterIpv6FragmentWhatItsFragmentHeaderNames) {
  const auto udp =
      selectors_of(v6_packet(44, hex("1100 0009 00000001 ffffffffffffffff")), Direction::outbound);
  ASSERT_TRUE(udp);
  EXPECT_EQ(udp->protocol, 17);
  EXPECT_EQ(udp->local_port, unavailable_port);
  EXPECT_EQ(udp->fragment_offset, 8);
  const auto options =
      selectors_of(v6_packet(44, hex("3c00 0009 00000001 ffffffffffffffff")), Direction::outbound);
  ASSERT_TRUE(options);
  EXPECT_EQ(options->protocol, unavailable_protocol);
}

TEST(SelectorsOf, HidesTheProtocolWhereTheChainGoesOnInTheNextFragment) {
  const Octets first = v6_packet(44, hex("3c00 0001 00000001  1101 0104 0000 0000"));
  const auto selectors = selectors_of(first, Direction::outbound);
  ASSERT_TRUE(selectors);
  EXPECT_EQ(selectors->protocol, unavailable_protocol);
}

TEST(SelectorsOf, NamesWhatIsMalformed) {
  const auto cause = [](const Octets& packet) { return selectors_of(packet, Direction::outbound).error(); };
  Octets packet = v4_packet(17, udp_500_to_4500);
  EXPECT_EQ(cause({}), MalformedPacket::header_cut_short);
  EXPECT_EQ(cause(Octets(packet.begin(), packet.begin() + 19)), MalformedPacket::header_cut_short);
  EXPECT_EQ(cause(Octets(packet.begin(), packet.end() - 1)), MalformedPacket::length_beyond_packet);
  EXPECT_EQ(cause(hex("55")), MalformedPacket::unknown_version);
  EXPECT_EQ(cause(v4_packet(17, hex("01f411"))), MalformedPacket::next_layer_cut_short);
  EXPECT_EQ(cause(v4_packet(1, hex("08"))), MalformedPacket::next_layer_cut_short);
  EXPECT_EQ(cause(v6_packet(135, hex("3b00"))), MalformedPacket::next_layer_cut_short);
  packet[0] = 0x44;
  EXPECT_EQ(cause(packet), MalformedPacket::header_length_too_small);
  packet[0] = 0x4f;
  EXPECT_EQ(cause(packet), MalformedPacket::length_below_header);
  EXPECT_EQ(cause(v6_packet(60, hex("1101 0104 0000 0000"))), MalformedPacket::extension_header_cut_short);
  EXPECT_EQ(cause(v6_packet(60, hex("1100"))), MalformedPacket::extension_header_cut_short);
  packet = v6_packet(17, udp_500_to_4500);
  EXPECT_EQ(cause(Octets(packet.begin(), packet.begin() + 39)), MalformedPacket::header_cut_short);
  EXPECT_EQ(cause(Octets(packet.begin(), packet.end() - 1)), MalformedPacket::length_beyond_packet);
}

TEST(SelectorsOfQuoted, SeesThePacketThatWentTheOtherWay) {
  // A packet that came in, quoted with eight octets of its payload in an error that goes out.
  Octets quoted = v4_packet(17, Octets(100, 0));
  quoted.resize(28);
  const auto selectors = selectors_of_quoted(quoted, Direction::outbound);
  ASSERT_TRUE(selectors);
  EXPECT_EQ(selectors->direction, Direction::inbound);
  EXPECT_EQ(selectors->remote, number_of(ip("192.0.2.1")));
  EXPECT_EQ(selectors->local, number_of(ip("198.51.100.2")));
  EXPECT_EQ(selectors->local_port, 0u);
  quoted.resize(22);
  EXPECT_EQ(selectors_of_quoted(quoted, Direction::outbound)->local_port, unavailable_port);
}

RC_GTEST_PROP(SelectorsOf, NeverReadsBeyondThePacketAndPointsInside, (Octets octets, bool v4)) {
  if (!octets.empty()) octets[0] = static_cast<std::uint8_t>((v4 ? 0x40 : 0x60) | (octets[0] & 0xf));
  if (v4 && octets.size() >= 4) store_be(&octets[2], static_cast<std::uint16_t>(octets.size()));
  if (!v4 && octets.size() >= 40) store_be(&octets[4], static_cast<std::uint16_t>(octets.size() - 40));
  const auto selectors = selectors_of(octets, Direction::outbound);
  if (selectors) RC_ASSERT(selectors->next_layer_offset <= octets.size());
}

RC_GTEST_PROP(ReadSelectors, EqualsTheGeneralForm, (Octets packet)) {
  if (packet.size() > 10) {
    packet[0] = *rc::gen::element<std::uint8_t>(0x45, 0x46, 0x60, 0x44);
    packet[9] = *rc::gen::element<std::uint8_t>(6, 17, 1, 50);
    packet[6] = *rc::gen::element<std::uint8_t>(0, 0x40, 0x20, 1);
    packet[7] = *rc::gen::element<std::uint8_t>(0, 1);
    packet[2] = 0;
    packet[3] = static_cast<std::uint8_t>(packet.size() + *rc::gen::inRange(-2, 2));
  }
  packet.reserve(packet.size() + 1);  // data() is no null pointer
  for (const Direction direction : {Direction::outbound, Direction::inbound}) {
    PacketSelectors quick;
    const auto general = selectors_of(packet, direction);
    RC_ASSERT(read_selectors(packet, direction, quick) == general.has_value());
    if (general) RC_ASSERT(quick == *general);
  }
}

}  // namespace
}  // namespace mpsec::ipsec
