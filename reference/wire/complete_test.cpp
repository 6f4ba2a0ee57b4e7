#include "wire/complete.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "wire/codec.hpp"
#include "wire/samples_test.hpp"

namespace mpsec::wire {
namespace {

// Spoils every number that complete() can find out again.
void spoil(Packet& packet) {
  for (Layer& layer : packet.layers) {
    if (auto* ip = std::get_if<Ipv4Header>(&layer)) {
      ip->ihl = 15;
      ip->total_length = 7;
      ip->checksum = 0x1111;
    }
    if (auto* ip = std::get_if<Ipv6Header>(&layer)) ip->payload_length = 7;
    if (auto* options = std::get_if<HopByHopOptions>(&layer)) options->length = 99;
    if (auto* options = std::get_if<DestinationOptions>(&layer)) options->length = 99;
    if (auto* routing = std::get_if<RoutingHeader>(&layer)) routing->length = 99;
    if (auto* ah = std::get_if<Ah>(&layer)) ah->payload_length = 99;
    if (auto* icmp = std::get_if<Icmp>(&layer)) icmp->checksum = 0x1111;
  }
}

bool has_fragment(const Packet& packet) {
  const auto* ip = packet.find<Ipv4Header>();
  const auto* fragment = packet.find<FragmentHeader>();
  return (ip && (ip->fragment_offset || (ip->flags & Ipv4Header::more_fragments))) ||
         (fragment && (fragment->fragment_offset || fragment->more_fragments));
}

TEST(Complete, LeavesARightPacketAsItIs) {
  for (const Sample& sample : samples_of("packet")) {
    auto packet = decode_packet(sample.octets);
    ASSERT_TRUE(packet) << sample.what;
    EXPECT_TRUE(complete(*packet));
    EXPECT_EQ(to_hex(encode(*packet)), to_hex(sample.octets)) << sample.what;
  }
}

TEST(Complete, MakesASpoiltPacketRightAgain) {
  //= rfc8200/8.1/pseudo-header-has-the-final-destination
  for (const Sample& sample : samples_of("packet")) {
    auto packet = decode_packet(sample.octets);
    ASSERT_TRUE(packet) << sample.what;
    spoil(*packet);
    if (!has_fragment(*packet)) {
      if (auto* udp = packet->find<UdpHeader>()) udp->length = udp->checksum = 0x1111;
      if (auto* tcp = packet->find<TcpHeader>()) tcp->checksum = tcp->data_offset = 11;
      if (auto* icmp = packet->find<Icmpv6>()) icmp->checksum = 0x1111;
    }
    EXPECT_NE(encode(*packet), sample.octets) << sample.what;
    EXPECT_TRUE(complete(*packet));
    EXPECT_EQ(to_hex(encode(*packet)), to_hex(sample.octets)) << sample.what;
  }
}

TEST(Complete, CountsWhatTrailsAnInnerLayerButNotItsOwnTrail) {
  const auto samples = samples_of("packet_incomplete");
  auto packet = decode_packet(samples.back().octets);
  ASSERT_TRUE(packet);
  packet->find<Ipv4Header>()->total_length = 0;
  packet->find<Ipv6Header>()->payload_length = 0;
  EXPECT_TRUE(complete(*packet));
  EXPECT_EQ(encode(*packet), samples.back().octets);
}

TEST(Complete, NamesTheNextHeaders) {
  Packet packet{{Ipv6Header{}, HopByHopOptions{}, Ah{}, UdpHeader{}, Payload{hex("00")}}};
  EXPECT_TRUE(complete(packet));
  EXPECT_EQ(packet.find<Ipv6Header>()->next_header, protocol::hop_by_hop);
  EXPECT_EQ(packet.find<HopByHopOptions>()->next_header, protocol::ah);
  EXPECT_EQ(packet.find<Ah>()->next_header, protocol::udp);
  const auto decoded = decode_packet(encode(packet));
  ASSERT_TRUE(decoded) << to_string(decoded.error());
  EXPECT_EQ(*decoded, packet);
}

TEST(Complete, PadsWhatIsMeasuredInWords) {
  Ipv4Header ip;
  ip.options = {{.type = ipv4_option::router_alert, .length = 0, .data = {0, 0}},
                {.type = ipv4_option::no_operation, .length = 0, .data = {}}};
  Packet v4{{ip}};
  EXPECT_TRUE(complete(v4));
  EXPECT_EQ(v4.find<Ipv4Header>()->ihl, 7);
  EXPECT_EQ(OctetView(encode(v4)).subspan(20).size(), 8u);

  RoutingHeader routing;
  routing.routing_type = RoutingHeader::segment_routing;
  MobilityHeader mobility;
  mobility.data = hex("010203040506 07");
  Ah ah;
  ah.next_header = protocol::no_next_header;
  ah.icv = hex("01");
  HopByHopOptions options;
  options.options = {{.type = 0x1e, .length = 0, .data = hex("0102030405060708 09")}};
  Packet v6{{Ipv6Header{}, options, routing, mobility, ah, Payload{hex("ff")}}};
  EXPECT_TRUE(complete(v6));
  const auto decoded = decode_packet(encode(v6));
  ASSERT_TRUE(decoded) << to_string(decoded.error());
  EXPECT_EQ(decoded->layers.size(), 6u);
  EXPECT_EQ(decoded->find<HopByHopOptions>()->options.back().type, Ipv6Option::pad_n);
}

TEST(Complete, SaysWhichNumberDoesNotFit) {
  Packet packet{{Ipv4Header{}, UdpHeader{}, Payload{Octets(70000)}}};
  const auto completed = complete(packet);
  ASSERT_FALSE(completed);
  EXPECT_EQ(to_string(completed.error()), "UDP/Length: need 70008, the field holds at most 65535");
  EXPECT_EQ(completed.error().blame, Blame::local_fault);

  Ipv4Header ip;
  ip.options.assign(1, {.type = ipv4_option::security, .length = 0, .data = Octets(300)});
  Packet long_option{{ip}};
  EXPECT_EQ(to_string(complete(long_option).error()),
            "IPv4/Options/Length: need 302, the field holds at most 255");
}

TEST(Complete, SendsNoChecksumWithUdpEncapsulatedEspInIpv4) {
  //= rfc3948/2.1/udp-checksum-is-sent-as-zero
  UdpHeader udp{.source_port = 4500, .destination_port = 4500, .length = 0, .checksum = 0x1111};
  Packet v4{{Ipv4Header{}, udp, Esp{}}};
  EXPECT_TRUE(complete(v4));
  EXPECT_EQ(v4.find<UdpHeader>()->checksum, 0);
  Packet v6{{Ipv6Header{}, udp, Esp{}}};
  EXPECT_TRUE(complete(v6));
  EXPECT_NE(v6.find<UdpHeader>()->checksum, 0);
}

TEST(Complete, LeavesAChecksumWhoseAddressesAreUnknown) {
  Packet packet{{TcpHeader{}}};
  packet.find<TcpHeader>()->checksum = 0x1111;
  EXPECT_TRUE(complete(packet));
  EXPECT_EQ(packet.find<TcpHeader>()->checksum, 0x1111);
}

RC_GTEST_PROP(Complete, IsDoneOnce, ()) {
  static const auto samples = samples_of("packet");
  Octets octets = (*rc::gen::elementOf(samples)).octets;
  for (const auto& [where, value] : *rc::gen::arbitrary<std::vector<std::pair<std::uint8_t, std::uint8_t>>>())
    octets[where % octets.size()] = value;
  auto packet = decode_packet(octets);
  RC_PRE(packet.has_value());
  static_cast<void>(complete(*packet));
  const Packet once = *packet;
  static_cast<void>(complete(*packet));
  RC_ASSERT(*packet == once);
}

}  // namespace
}  // namespace mpsec::wire
