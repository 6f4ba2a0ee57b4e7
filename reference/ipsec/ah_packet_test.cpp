#include "ipsec/ah_packet.hpp"

#include "ipsec/ah_test_packets.hpp"
#include "wire/header_walk.hpp"

namespace mpsec::ipsec {
namespace {

using namespace ah_test;

constexpr AhLayout hmac_96{12}, hmac_128{16}, gmac{16, 8};

// The packet with AH (its ICV zero), and where that is; or the cause against it.
struct Encapsulated {
  Octets packet;
  AhPlace place;
  Discard discard = Discard::none;
};
Encapsulated encapsulated(OctetView packet, const AhLayout& layout = hmac_96,
                          std::uint64_t number = 0x1'00000002) {
  HeldPacket held(packet);
  const auto place = ah_encapsulate(held.buffer(), layout, Spi(0xabcd), number);
  return place ? Encapsulated{held.octets(), *place} : Encapsulated{held.octets(), {}, place.error()};
}

Discard not_located(OctetView packet) {
  const auto place = ah_locate(packet);
  return place ? Discard::none : place.error();
}

TEST(AhLayout, HeaderLengths) {
  //= rfc4302/2.6/least-padding-to-alignment
  EXPECT_EQ(hmac_96.header_octets(IpVersion::v4), 24u);
  EXPECT_EQ(hmac_96.header_octets(IpVersion::v6), 24u);
  EXPECT_EQ(hmac_128.header_octets(IpVersion::v4), 28u);
  EXPECT_EQ(hmac_128.header_octets(IpVersion::v6), 32u);
  EXPECT_EQ(AhLayout{24}.header_octets(IpVersion::v6), 40u);
  EXPECT_EQ(AhLayout{32}.header_octets(IpVersion::v4), 44u);
  EXPECT_EQ(gmac.header_octets(IpVersion::v4), 36u);
  EXPECT_EQ(gmac.header_octets(IpVersion::v6), 40u);
  EXPECT_EQ((AhLayout{.icv_octets = 16, .ipv4_alignment = 8}.header_octets(IpVersion::v4)), 32u);
}

TEST(AhEncapsulate, Ipv4) {
  const auto result = encapsulated(ipv4_packet({}, payload));
  EXPECT_EQ(result.place, (AhPlace{.at = 20, .named_at = 9, .octets = 24}));
  EXPECT_EQ(to_hex(OctetView(result.packet).subspan(20)),
            to_hex(hex("11 04 0000 0000abcd 00000002 000000000000000000000000")) + to_hex(payload));
  const auto header = decode<Ipv4Header>(OctetView(result.packet).first(20)).value();
  EXPECT_EQ(header.protocol, protocol::ah);
  EXPECT_EQ(header.total_length, 20 + 24 + 16);
  EXPECT_EQ(internet_checksum(OctetView(result.packet).first(20)), 0);
}

TEST(AhEncapsulate, Ipv4GoesBehindTheOptions) {
  const auto result = encapsulated(ipv4_packet(hex("94040000 0101"), payload), hmac_128);
  EXPECT_EQ(result.place, (AhPlace{.at = 28, .named_at = 9, .octets = 28}));
  EXPECT_EQ(result.packet[29], 5);  // 7 words less 2
  EXPECT_EQ(internet_checksum(OctetView(result.packet).first(28)), 0);
}

TEST(AhEncapsulate, Ipv6) {
  const auto result = encapsulated(ipv6_packet({}, payload), hmac_128);
  EXPECT_EQ(result.place, (AhPlace{.at = 40, .named_at = 6, .octets = 32}));
  EXPECT_EQ(to_hex(OctetView(result.packet).subspan(40)),
            to_hex(hex("11 06 0000 0000abcd 00000002")) + std::string(40, '0') + to_hex(payload));
  const auto header = decode<Ipv6Header>(OctetView(result.packet).first(40)).value();
  EXPECT_EQ(header.next_header, protocol::ah);
  EXPECT_EQ(header.payload_length, 32 + 16);
}

TEST(AhEncapsulate, Ipv6GoesBehindTheHeadersForNodesOnTheWay) {
  //= rfc4302/3.1.1/behind-hop-by-hop-routing-and-fragment-headers
  const Extension hop_by_hop = options_header(protocol::hop_by_hop, "05020000"),
                  destination = options_header(protocol::destination_options, "0102 0000"),
                  routing = routing_header(0, 1, 1), fragment = fragment_header();
  const auto at = [](const std::vector<Extension>& extensions) {
    const auto result = encapsulated(ipv6_packet(extensions, payload));
    EXPECT_EQ(result.packet[result.place.named_at], protocol::ah);
    EXPECT_EQ(result.packet.size(), ipv6_packet(extensions, payload).size() + 24);
    return result.place.at;
  };
  EXPECT_EQ(at({hop_by_hop}), 48u);
  EXPECT_EQ(at({hop_by_hop, destination, routing, fragment}), 88u);
  EXPECT_EQ(at({hop_by_hop, routing}), 72u);
  EXPECT_EQ(at({fragment}), 48u);
  EXPECT_EQ(at({destination}), 40u);
  EXPECT_EQ(at({routing, destination}), 64u);
  EXPECT_EQ(at({destination, routing, destination}), 72u);
  EXPECT_EQ(at({destination, fragment, destination}), 56u);
}

TEST(AhEncapsulate, TunnelModeGoesBehindTheOuterHeader) {
  const Octets inner = ipv4_packet({}, payload), inner6 = ipv6_packet({}, payload);
  for (const bool outer_is_v6 : {false, true})
    for (const bool inner_is_v6 : {false, true}) {
      const Octets& inside = inner_is_v6 ? inner6 : inner;
      const std::uint8_t number = inner_is_v6 ? protocol::ipv6 : protocol::ipv4;
      const auto result =
          encapsulated(outer_is_v6 ? ipv6_packet({}, inside, number) : ipv4_packet({}, inside, number));
      EXPECT_EQ(result.place.at, outer_is_v6 ? 40u : 20u);
      EXPECT_EQ(result.packet[result.place.at], number);
      EXPECT_EQ(inner_of(result.packet), inside);
    }
}

TEST(AhEncapsulate, TunnelModeTakesFragmentsInside) {
  Octets inner = ipv4_packet({}, payload);
  store<&Ipv4Header::fragment_offset>(inner.data(), 3);
  EXPECT_EQ(encapsulated(ipv4_packet({}, inner, protocol::ipv4)).discard, Discard::none);
}

TEST(AhEncapsulate, CarriesTheNumberAsIvOfGmac) {
  const auto result = encapsulated(ipv4_packet({}, payload), gmac);
  EXPECT_EQ(to_hex(OctetView(result.packet).subspan(20, 36)),
            to_hex(hex("11 07 0000 0000abcd 00000002 0000000100000002")) + std::string(32, '0'));
}

TEST(AhEncapsulate, RefusesAndLeavesAlone) {
  //= rfc4302/3.3.4/transport-mode-protects-whole-datagrams
  Octets first = ipv4_packet({}, payload), later = first, longer = first, shorter = first, odd = first;
  store<&Ipv4Header::flags>(first.data(), Ipv4Header::more_fragments);
  store<&Ipv4Header::fragment_offset>(later.data(), 1);
  longer.push_back(0);
  shorter.pop_back();
  odd[0] = 0x55;
  const auto refused = [](const Octets& packet) {
    const auto result = encapsulated(packet);
    EXPECT_EQ(result.packet, packet);
    return result.discard;
  };
  EXPECT_EQ(refused(first), Discard::fragment_for_ipsec);
  EXPECT_EQ(refused(later), Discard::fragment_for_ipsec);
  EXPECT_EQ(refused(ipv6_packet({fragment_header(1)}, payload)), Discard::fragment_for_ipsec);
  EXPECT_EQ(refused(ipv6_packet({fragment_header(0x10)}, payload)), Discard::fragment_for_ipsec);
  EXPECT_EQ(refused(longer), Discard::malformed_packet);
  EXPECT_EQ(refused(shorter), Discard::malformed_packet);
  EXPECT_EQ(refused({}), Discard::malformed_packet);
  EXPECT_EQ(refused(odd), Discard::unsupported_ip_version);
}

TEST(AhEncapsulate, NeedsRoomAndLength) {
  HeldPacket held(ipv4_packet({}, payload), 23);
  EXPECT_EQ(ah_encapsulate(held.buffer(), hmac_96, Spi(256), 1).error(), Discard::no_room);
  EXPECT_EQ(held.octets(), ipv4_packet({}, payload));
  EXPECT_EQ(encapsulated(ipv4_packet({}, Octets(65535 - 20 - 24))).discard, Discard::none);
  EXPECT_EQ(encapsulated(ipv4_packet({}, Octets(65535 - 20 - 23))).discard, Discard::oversized_packet);
  EXPECT_EQ(encapsulated(ipv6_packet({}, Octets(65535 - 24))).discard, Discard::none);
  EXPECT_EQ(encapsulated(ipv6_packet({}, Octets(65535 - 23))).discard, Discard::oversized_packet);
}

TEST(AhLocate, RefusesFragments) {
  //= rfc4302/3.4.1/fragment-is-discarded
  Octets packet = encapsulated(ipv4_packet({}, payload)).packet;
  EXPECT_EQ(not_located(packet), Discard::none);
  store<&Ipv4Header::flags>(packet.data(), Ipv4Header::more_fragments);
  EXPECT_EQ(not_located(packet), Discard::fragment_for_ipsec);
  store<&Ipv4Header::flags>(packet.data(), 0);
  store<&Ipv4Header::fragment_offset>(packet.data(), 185);
  EXPECT_EQ(not_located(packet), Discard::fragment_for_ipsec);
  const Octets ah = hex("1104000000000100000000010102030405060708090a0b0c");
  EXPECT_EQ(not_located(ipv6_packet({fragment_header(1)}, ah, protocol::ah)), Discard::fragment_for_ipsec);
  EXPECT_EQ(not_located(ipv6_packet({fragment_header()}, ah, protocol::ah)), Discard::none);
}

TEST(AhLocate, RefusesLengthsThatCannotBe) {
  //= rfc4302/2.2/length-in-words-less-two
  for (const char* ah : {"11040000 00000100", "11040000 00000100 00000001 01020304 05060708 090a0b",
                         "11000000 00000100 00000001", "11ff0000 00000100 00000001 01020304"})
    EXPECT_EQ(not_located(ipv4_packet({}, hex(ah), protocol::ah)), Discard::ah_bad_length) << ah;
  EXPECT_EQ(not_located(ipv4_packet({}, hex("11010000 00000100 00000001"), protocol::ah)), Discard::none);
  EXPECT_EQ(not_located(ipv4_packet({}, payload)), Discard::malformed_packet);
  EXPECT_EQ(not_located(ipv6_packet({}, payload)), Discard::malformed_packet);
  EXPECT_EQ(not_located({}), Discard::malformed_packet);
}

TEST(AhCheckLength, TakesExactlyThePaddingThatAligns) {
  //= rfc4302/3.3.3.2.1/no-more-padding-than-needed
  for (const AhLayout& layout : {hmac_96, hmac_128, gmac, AhLayout{24}, AhLayout{32}})
    for (const bool is_v6 : {false, true}) {
      auto [packet, place, discard] =
          encapsulated(is_v6 ? ipv6_packet({}, payload) : ipv4_packet({}, payload), layout);
      EXPECT_EQ(ah_check_length(packet, place, layout), Discard::none);
      for (const int words : {-2, -1, 1, 2}) {
        AhPlace other = place;
        other.octets += static_cast<std::uint32_t>(words * 4);
        EXPECT_EQ(ah_check_length(packet, other, layout), Discard::ah_bad_length);
      }
    }
}

TEST(AhPacket, TunnelModeLeavesIpPacketsOfTheAnnouncedVersionOnly) {
  const auto taken = [](std::uint8_t number, OctetView inner) {
    const auto result = inner_of(encapsulated(ipv4_packet({}, inner, number)).packet);
    return result ? Discard::none : result.error();
  };
  const Octets v4 = ipv4_packet({}, payload), v6 = ipv6_packet({}, payload);
  EXPECT_EQ(taken(protocol::ipv4, v4), Discard::none);
  EXPECT_EQ(taken(protocol::ipv4, v6), Discard::inner_malformed);
  EXPECT_EQ(taken(protocol::ipv6, v4), Discard::inner_malformed);
  EXPECT_EQ(taken(protocol::ipv6, {}), Discard::inner_malformed);
  EXPECT_EQ(taken(protocol::ipv4, OctetView(v4).first(19)), Discard::inner_malformed);
}

RC_GTEST_PROP(AhPacket, StrippingUndoesEncapsulating, (bool is_v6, Octets data, std::uint64_t number)) {
  const AhLayout layout = *rc::gen::element(hmac_96, hmac_128, gmac, AhLayout{24}, AhLayout{32});
  const Octets packet = is_v6 ? ipv6_packet(some_extensions(), data) : ipv4_packet(some_ipv4_options(), data);
  const auto result = encapsulated(packet, layout, number);
  RC_ASSERT(result.discard == Discard::none);
  RC_ASSERT(walk_headers(result.packet).has_value());
  RC_ASSERT(stripped(result.packet) == packet);
}

RC_GTEST_PROP(AhPacket, WhatIsLocatedLiesInThePacket, (Octets damage, bool is_v6)) {
  Octets packet = encapsulated(is_v6 ? ipv6_packet(some_extensions(), payload)
                                     : ipv4_packet(some_ipv4_options(), payload))
                      .packet;
  for (const std::uint8_t octet : damage)
    packet[*rc::gen::inRange<std::size_t>(0, packet.size())] = octet;
  const auto place = ah_locate(packet);
  if (!place) return;
  RC_ASSERT(place->end() <= packet.size());
  RC_ASSERT(packet[place->named_at] == protocol::ah);
}

}  // namespace
}  // namespace mpsec::ipsec
