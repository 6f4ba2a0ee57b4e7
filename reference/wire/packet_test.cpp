#include "wire/packet.hpp"

#include <algorithm>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "wire/samples_test.hpp"

namespace mpsec::wire {
namespace {

std::string chain_of(const Packet& packet) {
  std::string chain;
  for (const Layer& layer : packet.layers)
    chain += (chain.empty() ? "" : ", ") + std::string(name_of(layer));
  return chain;
}

// The chain of layers of the sample `what`, or the error.
std::string chain_of_sample(const std::string& file, std::string_view what) {
  for (const Sample& sample : samples_of(file)) {
    if (sample.what != what) continue;
    const auto packet = decode_packet(sample.octets);
    return packet ? chain_of(*packet) : to_string(packet.error());
  }
  return "no such sample";
}

std::string error_of(std::string_view octets) {
  const auto packet = decode_packet(hex(octets));
  return packet ? "decoded: " + chain_of(*packet) : to_string(packet.error());
}

const std::string v4 = "4500 001c 1c46 0000 4011 7254 c0000201 c6336402", udp = "03e8 07d0 0008 07ef",
                  v6_addresses = "20010db8000000000000000000000001 20010db8000000000000000000000002";

TEST(Packet, EverySampleDecodesAndEncodesToItself) {
  for (const char* file : {"packet", "packet_incomplete"}) {
    const auto samples = samples_of(file);
    ASSERT_FALSE(samples.empty()) << file;
    for (const Sample& sample : samples) {
      const auto packet = decode_packet(sample.octets);
      ASSERT_TRUE(packet) << sample.what << ": " << to_string(packet.error());
      EXPECT_EQ(encode(*packet), sample.octets) << sample.what;
      EXPECT_FALSE(dump(*packet).empty());
    }
  }
}

TEST(Packet, EveryTruncationOfASampleIsAnErrorWithPathOffsetAndClause) {
  for (const Sample& sample : samples_of("packet")) {
    for (std::size_t size = 0; size < sample.octets.size(); ++size) {
      const auto packet = decode_packet(OctetView(sample.octets).first(size));
      ASSERT_FALSE(packet) << sample.what << " cut to " << size << " octets";
      EXPECT_TRUE(packet.error().path.starts_with("IP")) << packet.error().path;
      EXPECT_LE(packet.error().offset.value_or(size + 1), size);
      EXPECT_FALSE(packet.error().why.empty() || packet.error().clause.empty());
    }
  }
}

TEST(Packet, FollowsTheChain) {
  EXPECT_EQ(chain_of_sample("packet", "IPv4, UDP"), "IPv4, UDP, Payload");
  EXPECT_EQ(chain_of_sample("packet", "IPv4, UDP without data"), "IPv4, UDP");
  EXPECT_EQ(
      chain_of_sample("packet", "IPv6 with five extension headers (the fragment is the only one), UDP"),
      "IPv6, Hop-by-Hop Options, Destination Options, Routing, Fragment, Destination Options, UDP, Payload");
  EXPECT_EQ(chain_of_sample("packet", "IPv6, AH, IPv6, TCP (tunnel mode)"), "IPv6, AH, IPv6, TCP");
  EXPECT_EQ(chain_of_sample("packet", "IPv6 in IPv4"), "IPv4, IPv6, UDP, Payload");
  EXPECT_EQ(chain_of_sample("packet", "IPv6, ICMPv6 packet too big"), "IPv6, ICMPv6");
  EXPECT_EQ(chain_of_sample("packet", "IPv4 of a protocol no header is known for"), "IPv4, Payload");
}

TEST(Packet, IPv6sExtensionHeadersMeanNothingInIpv4) {
  EXPECT_EQ(chain_of_sample("packet", "IPv4 whose protocol is an extension header of IPv6: plain octets"),
            "IPv4, Payload");
}

TEST(Packet, AHopByHopHeaderStandsFirstOrIsNone) {
  //= rfc8200/4.1/hop-by-hop-right-after-the-ipv6-header
  EXPECT_EQ(error_of("60000000 0010 3c 40" + v6_addresses + "0000010400000000 3b00010400000000"),
            "decoded: IPv6, Destination Options, Payload");
}

TEST(Packet, KeepsTheOctetsBehindNoNextHeader) {
  //= rfc8200/4.7/octets-after-no-next-header-stay
  EXPECT_EQ(chain_of_sample("packet", "IPv6, no next header, octets behind it"), "IPv6, Payload");
}

TEST(Packet, TellsWhatIsEncapsulatedInUdp) {
  EXPECT_EQ(chain_of_sample("packet", "IPv4, UDP port 4500, ESP"), "IPv4, UDP, ESP");
  EXPECT_EQ(chain_of_sample("packet", "IPv4, UDP port 4500, non-ESP marker and the start of an IKE header"),
            "IPv4, UDP, Non-ESP Marker, Payload");
  EXPECT_EQ(chain_of_sample("packet", "IPv4, UDP port 4500, NAT-keepalive"), "IPv4, UDP, NAT-Keepalive");
  EXPECT_EQ(chain_of_sample("packet_incomplete", "IPv4, UDP port 4500, nothing of the three forms"),
            "IPv4, UDP, Payload");
}

TEST(Packet, AFragmentIsReadAsFarAsItIsWhole) {
  EXPECT_EQ(chain_of_sample("packet", "IPv4, first fragment of UDP: its length counts more than there is"),
            "IPv4, UDP, Payload");
  EXPECT_EQ(chain_of_sample("packet", "IPv4, second fragment"), "IPv4, Payload");
  EXPECT_EQ(chain_of_sample("packet", "IPv4, first fragment that cuts the TCP header"), "IPv4, Payload");
  EXPECT_EQ(chain_of_sample("packet", "IPv6, first fragment of UDP"), "IPv6, Fragment, UDP, Payload");
  EXPECT_EQ(chain_of_sample("packet", "IPv6, last fragment"), "IPv6, Fragment, Payload");
}

TEST(Packet, KeepsWhatStandsBehindALength) {
  EXPECT_EQ(chain_of_sample("packet_incomplete", "IPv6 in IPv4, each with octets behind its end"),
            "IPv4, IPv6, UDP, Payload, Trailing, Trailing");
  const auto packet = decode_packet(hex(v4 + udp + "0000"));
  ASSERT_TRUE(packet);
  ASSERT_NE(packet->find<Trailing>(), nullptr);
  EXPECT_EQ(packet->find<Trailing>()->behind, 0u);
  EXPECT_EQ(packet->find<Trailing>()->octets, hex("0000"));
}

TEST(Packet, DumpsALayerAfterTheOther) {
  EXPECT_EQ(dump(*decode_packet(hex(v4 + udp))),
            "IPv4\n"
            "  Version: 0x4\n"
            "  IHL: 0x5\n"
            "  DSCP: 0x00\n"
            "  ECN: 0x0\n"
            "  Total Length: 0x001c (28)\n"
            "  Identification: 0x1c46 (7238)\n"
            "  Flags: 0x0\n"
            "  Fragment Offset: 0x0000\n"
            "  Time to Live: 0x40 (64)\n"
            "  Protocol: 0x11 (17)\n"
            "  Header Checksum: 0x7254 (29268)\n"
            "  Source Address: 192.0.2.1\n"
            "  Destination Address: 198.51.100.2\n"
            "UDP\n"
            "  Source Port: 0x03e8 (1000)\n"
            "  Destination Port: 0x07d0 (2000)\n"
            "  Length: 0x0008\n"
            "  Checksum: 0x07ef (2031)\n");
}

TEST(PacketError, NamesTheWholeWay) {
  EXPECT_EQ(error_of("60000000 0010 3c 40" + v6_addresses + "3b01 0100 0100 1e20 0000 000000000000"),
            "IPv6/Destination Options/Options[2]/Option Data @ 0x30: need 32 octets, have 8 (RFC 8200 4.2)");
}

TEST(PacketError, NoPacketAtAll) {
  EXPECT_EQ(error_of(""), "IP/Version @ 0x0: need 1 octet, have 0 (RFC 791 3.1, RFC 8200 3)");
  EXPECT_EQ(error_of("0000"), "IP/Version @ 0x0: expected 4 or 6, found 0 (RFC 791 3.1, RFC 8200 3)");
  EXPECT_EQ(error_of("ff"), "IP/Version @ 0x0: expected 4 or 6, found 15 (RFC 791 3.1, RFC 8200 3)");
}

TEST(PacketError, LengthsThatClaimMoreThanThereIs) {
  EXPECT_EQ(error_of(v4 + "03e8 07d0 0008"),
            "IPv4/Total Length @ 0x2: need 28 octets, have 26 (RFC 791 3.1)");
  EXPECT_EQ(error_of(v4 + "03e8 07d0 0009 07ef"), "IPv4/UDP/Length @ 0x18: need 9 octets, have 8 (RFC 768)");
  EXPECT_EQ(error_of("60000000 0001 3b 40" + v6_addresses),
            "IPv6/Payload Length @ 0x4: need 1 octet, have 0 (RFC 8200 3)");
}

TEST(PacketError, LengthsThatClaimLessThanTheirHeader) {
  EXPECT_EQ(error_of("4500 0000 1c46 0000 4011 7254 c0000201 c6336402" + udp),
            "IPv4/Total Length @ 0x2: the header counts too: need at least 20, found 0 (RFC 791 3.1)");
  EXPECT_EQ(error_of(v4 + "03e8 07d0 0000 07ef"),
            "IPv4/UDP/Length @ 0x18: the header counts too: need at least 8, found 0 (RFC 768)");
}

TEST(PacketError, CountsFromTheBase) {
  const auto packet = decode_packet(hex("05"), 14);
  ASSERT_FALSE(packet);
  EXPECT_EQ(packet.error().offset, 14u);
}

TEST(Packet, MayStartInTheMiddle) {
  const auto packet = decode_packet_from(protocol::udp, hex(udp));
  ASSERT_TRUE(packet);
  EXPECT_EQ(chain_of(*packet), "UDP");
  EXPECT_EQ(chain_of(*decode_packet_from(protocol::no_next_header, hex("00"))), "Payload");
}

TEST(Packet, MayBeOfZeroOctetsOrTooMany) {
  EXPECT_FALSE(decode_packet({}));
  Octets oversized = hex(v4 + udp);
  oversized.resize(100'000);
  const auto packet = decode_packet(oversized);
  ASSERT_TRUE(packet);
  EXPECT_EQ(packet->find<Trailing>()->octets.size(), 100'000u - 28);
  EXPECT_EQ(encode(*packet), oversized);
}

TEST(Packet, GoesOnlySoDeep) {
  // IPv4 in IPv4 in IPv4 ...: 20 octets each, all lengths right.
  Octets packet;
  constexpr int nested = 200;
  for (int i = 0; i < nested; ++i) {
    append(packet, hex("4500 0000 0000 0000 4004 0000 c0000201 c6336402"));
    store_be<std::uint16_t>(&packet[packet.size() - 18], static_cast<std::uint16_t>((nested - i) * 20));
  }
  const auto decoded = decode_packet(packet);
  ASSERT_TRUE(decoded) << to_string(decoded.error());
  EXPECT_EQ(decoded->layers.size(), Packet::max_layers + 1);
  EXPECT_EQ(encode(*decoded), packet);
}

RC_GTEST_PROP(Packet, WhateverParsesEncodesToItself, ()) {
  static const auto samples = samples_of("packet");
  Octets octets = (*rc::gen::elementOf(samples)).octets;
  for (const auto& [where, value] : *rc::gen::arbitrary<std::vector<std::pair<std::uint8_t, std::uint8_t>>>())
    octets[where % octets.size()] = value;
  append(octets, *rc::gen::arbitrary<Octets>());
  const auto packet = decode_packet(octets);
  if (packet) RC_ASSERT(encode(*packet) == octets);
  if (!packet) RC_ASSERT(!packet.error().path.empty() && packet.error().offset.has_value());
}

}  // namespace
}  // namespace mpsec::wire
