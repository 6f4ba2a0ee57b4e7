#include "pcap-replay/capture/packet_finder.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "pcap-replay/capture/capture_samples.hpp"

namespace mpsec::replay {
namespace {

// An IPv4 packet from 192.0.2.1 to 192.0.2.2, its total length right.
Octets ipv4(std::uint8_t protocol, const char* payload, std::uint16_t fragment_word = 0) {
  Octets packet = hex("45000000 00010000 40000000 c0000201 c0000202");
  packet[9] = protocol;
  store_be(packet.data() + 6, fragment_word);
  append(packet, hex(payload));
  store_be(packet.data() + 2, static_cast<std::uint16_t>(packet.size()));
  return packet;
}

// An IPv6 packet from 2001:db8::1 to 2001:db8::2.
Octets ipv6(std::uint8_t next_header, const char* payload) {
  Octets packet = hex("60000000 00000040 20010db8000000000000000000000001 20010db8000000000000000000000002");
  packet[6] = next_header;
  append(packet, hex(payload));
  store_be(packet.data() + 4, static_cast<std::uint16_t>(packet.size() - 40));
  return packet;
}

Found find(const Octets& packet, bool cut = false) {
  return find_ipsec(packet, UdpPorts(), cut);
}

TEST(PacketFinder, FindsEsp) {
  const Octets packet = ipv4(50, "0000abcd 00000007 0102");
  const Found found = find(packet);
  EXPECT_EQ(found.kind, FoundKind::esp);
  EXPECT_EQ(found.spi, Spi(0xabcd));
  EXPECT_EQ(found.sequence_number, 7u);
  EXPECT_EQ(found.security_octets(), 10u);
  EXPECT_EQ(found.source(), ip("192.0.2.1"));
  EXPECT_EQ(found.destination(), ip("192.0.2.2"));
}

TEST(PacketFinder, FindsEspBehindIpv6Extensions) {
  const Octets packet = ipv6(0, "3c00000000000000 3200000000000000 0000abcd 00000007");
  const Found found = find(packet);
  EXPECT_EQ(found.kind, FoundKind::esp);
  EXPECT_EQ(found.security_at, 56u);
  EXPECT_EQ(found.source(), ip("2001:db8::1"));
  EXPECT_EQ(found.destination(), ip("2001:db8::2"));
}

TEST(PacketFinder, FindsAh) {
  const Octets packet = ipv4(51, "06 04 0000 00001000 00000009 000000000000000000000000");
  const Found found = find(packet);
  EXPECT_EQ(found.kind, FoundKind::ah);
  EXPECT_EQ(found.spi, Spi(0x1000));
  EXPECT_EQ(found.sequence_number, 9u);
}

struct UdpSample {
  const char* payload;  // with the UDP header
  FoundKind kind;
};

TEST(PacketFinder, TellsApartWhatUdpCarries) {
  const UdpSample udp_samples[] = {
      {"1194 1194 0012 0000 0000abcd 00000007 0102", FoundKind::esp_in_udp},
      {"1194 0400 0012 0000 0000abcd 00000007 0102",
       FoundKind::esp_in_udp},  // behind a NAT the other port changes
      {"0400 1194 0009 0000 ff", FoundKind::keepalive},
      {"1194 1194 0009 0000 00", FoundKind::malformed},
      {"1194 1194 000e 0000 0000abcd 0000", FoundKind::malformed},
      {"1194 1194 0007 0000 0000abcd 00000007", FoundKind::malformed},
      {"1194 1194 0040 0000 0000abcd 00000007", FoundKind::malformed},
      {"1194 1194", FoundKind::malformed},
      {"01f4 01f4 000c 0000 01020304", FoundKind::ike},
      {"0035 0035 0010 0000 0000abcd 00000007", FoundKind::other},
  };
  for (const UdpSample& sample : udp_samples)
    EXPECT_EQ(find(ipv4(17, sample.payload)).kind, sample.kind) << sample.payload;
}

TEST(PacketFinder, TellsTheVersionOfIke) {
  const char* message = "0102030405060708 0000000000000000 21 20 22 08 00000000 0000001c";
  const Found plain = find(ipv4(17, (std::string("01f4 01f4 0024 0000") + message).c_str()));
  EXPECT_EQ(plain.kind, FoundKind::ike);
  EXPECT_EQ(plain.ike_version, 2);
  const Found marked = find(ipv4(17, (std::string("1194 1194 0028 0000 00000000") + message).c_str()));
  EXPECT_EQ(marked.kind, FoundKind::ike);
  EXPECT_EQ(marked.ike_version, 2);
  EXPECT_EQ(marked.security_at, 32u);
  EXPECT_EQ(find(ipv4(17, "01f4 01f4 000c 0000 01020304")).ike_version, 0);
}

TEST(PacketFinder, LooksBehindOtherPortsIfAsked) {
  UdpPorts ports;
  ports.add(10000);
  const Octets packet = ipv4(17, "2710 2710 0010 0000 0000abcd 00000007");
  EXPECT_EQ(find(packet).kind, FoundKind::other);
  EXPECT_EQ(find_ipsec(packet, ports).kind, FoundKind::esp_in_udp);
}

TEST(PacketFinder, TheUdpLengthEndsTheEspPacket) {
  const Octets packet = ipv4(17, "1194 1194 0012 0000 0000abcd 00000007 0102 999999");
  const Found found = find(packet);
  EXPECT_EQ(found.security_octets(), 10u);
  EXPECT_EQ(found.packet.size(), packet.size());
}

TEST(PacketFinder, LinkPaddingIsNoPartOfThePacket) {
  Octets packet = ipv4(50, "0000abcd 00000007 0102");
  append(packet, hex("00000000"));
  EXPECT_EQ(find(packet).security_octets(), 10u);
}

TEST(PacketFinder, TellsFragments) {
  EXPECT_EQ(find(ipv4(50, "0000abcd 00000007", 0x2000)).kind, FoundKind::fragment);
  EXPECT_EQ(find(ipv4(17, "0000abcd 00000007", 0x0010)).kind, FoundKind::fragment);
  EXPECT_EQ(find(ipv4(6, "0000abcd 00000007", 0x2000)).kind, FoundKind::other);
  EXPECT_EQ(find(ipv6(44, "32000001 00000001 0000abcd 00000007")).kind, FoundKind::fragment);
  EXPECT_EQ(find(ipv6(44, "32000000 00000001 0000abcd 00000007")).kind, FoundKind::esp);
}

TEST(PacketFinder, ACutPacketIsNotMalformed) {
  Octets packet = ipv4(50, "0000abcd 00000007 01020304");
  for (std::size_t size = packet.size() - 1; size >= 28; --size) {
    packet.resize(size);
    EXPECT_EQ(find(packet).kind, FoundKind::malformed);
    const Found found = find(packet, true);
    EXPECT_EQ(found.kind, FoundKind::esp) << size;
    EXPECT_FALSE(found.whole);
    EXPECT_EQ(found.sequence_number, 7u);
  }
  for (std::size_t size = 27; size > 0; --size) {
    packet.resize(size);
    EXPECT_EQ(find(packet, true).kind, FoundKind::cut) << size;
  }
}

TEST(PacketFinder, ACutIpv6PacketIsNotMalformed) {
  Octets packet = ipv6(17, "1194 1194 0018 0000 0000abcd 00000007 0102030405060708");
  packet.resize(packet.size() - 5);
  EXPECT_EQ(find(packet).kind, FoundKind::malformed);
  EXPECT_EQ(find(packet, true).kind, FoundKind::esp_in_udp);
  EXPECT_EQ(find(packet, true).security_octets(), 11u);
}

TEST(PacketFinder, ShortAndForeign) {
  EXPECT_EQ(find(ipv4(50, "0000abcd 000000")).kind, FoundKind::malformed);
  EXPECT_EQ(find(ipv4(51, "06 04 0000 00001000 000000")).kind, FoundKind::malformed);
  EXPECT_EQ(find(ipv4(6, "0000abcd 000000")).kind, FoundKind::other);
  EXPECT_EQ(find(Octets{}).kind, FoundKind::malformed);
  EXPECT_EQ(find(hex("00")).kind, FoundKind::malformed);
}

RC_GTEST_PROP(PacketFinder, WhatItPointsAtIsThere, (Octets octets, bool cut)) {
  if (!octets.empty()) octets[0] = *rc::gen::element<std::uint8_t>(0x45, 0x60, 0x46);
  if (octets.size() > 9)
    octets[octets[0] == 0x60 ? 6 : 9] = *rc::gen::element<std::uint8_t>(50, 51, 17, 44, 60);
  const Found found = find(octets, cut);
  if (found.kind == FoundKind::malformed || found.kind == FoundKind::cut) return;
  RC_ASSERT(found.packet.size() <= octets.size());
  RC_ASSERT(found.security_at <= found.security_end && found.security_end <= found.packet.size());
  static_cast<void>(to_string(found.source()) + to_string(found.destination()));
}

}  // namespace
}  // namespace mpsec::replay
