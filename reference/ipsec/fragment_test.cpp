#include "ipsec/fragment.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "ipsec/test_packets.hpp"

namespace mpsec::ipsec {
namespace {

using wire::Ipv4Header;

using test::counting;
using test::ipv4;
using test::ipv6;

std::vector<Octets> pieces_of(Fragments&& fragments) {
  std::vector<Octets> pieces;
  if (fragments)
    for (const HeldPacket& piece : *fragments)
      pieces.push_back(piece.octets());
  return pieces;
}

Fragments fragment_ipv4(OctetView packet, std::size_t mtu) {
  return fragment(packet, mtu, 0);
}

Discard cause(const Fragments& fragments) {
  return fragments ? Discard::none : fragments.error();
}

Ipv4Header header_of(OctetView packet) {
  return *wire::decode<Ipv4Header>(packet.first((packet[0] & 0xfu) * 4));
}

TEST(FragmentIpv4, LeavesAloneWhatFits) {
  const Octets datagram = ipv4(counting(100), {.flags = Ipv4Header::dont_fragment});
  EXPECT_EQ(pieces_of(fragment_ipv4(datagram, 120)), std::vector<Octets>{datagram});
  Octets padded = datagram;
  padded.resize(140);  // as a link with a smallest frame delivers it
  EXPECT_EQ(pieces_of(fragment_ipv4(padded, 120)), std::vector<Octets>{datagram});
}

// RFC 791 3.2, example 2: 472 octets of data for a network of 280.
TEST(FragmentIpv4, CutsTheExampleOfTheRfc) {
  const auto pieces = pieces_of(fragment_ipv4(ipv4(counting(452)), 280));
  ASSERT_EQ(pieces.size(), 2u);
  EXPECT_EQ(header_of(pieces[0]).total_length, 276);
  EXPECT_EQ(header_of(pieces[0]).flags, Ipv4Header::more_fragments);
  EXPECT_EQ(header_of(pieces[1]).total_length, 216);
  EXPECT_EQ(header_of(pieces[1]).fragment_offset, 32);
  EXPECT_EQ(header_of(pieces[1]).flags, 0);
  EXPECT_EQ(header_of(pieces[1]).identification, 0xbeef);
}

TEST(FragmentIpv4, DontFragmentAndRoom) {
  //= rfc791/2.3/dont-fragment-is-obeyed
  EXPECT_EQ(cause(fragment_ipv4(ipv4(counting(100), {.flags = Ipv4Header::dont_fragment}), 119)),
            Discard::packet_too_big);
  EXPECT_EQ(cause(fragment_ipv4(ipv4(counting(100)), 27)), Discard::packet_too_big);
  EXPECT_EQ(pieces_of(fragment_ipv4(ipv4(counting(100)), 28)).size(), 13u);
  EXPECT_EQ(cause(fragment_ipv4(ipv4({}), 19)), Discard::packet_too_big);
}

TEST(FragmentIpv4, CopiesOnlyTheOptionsThatSaySo) {
  //= rfc791/3.1/copied-flag-means-every-fragment
  // record route (7), no operation, router alert (148, copied), timestamp (68), end of list
  const Octets options = hex("07 03 04 01 94 04 00 00 44 05 05 00 00 00 00 00");
  const auto pieces = pieces_of(fragment_ipv4(ipv4(counting(200), {.options = options}), 100));
  ASSERT_EQ(pieces.size(), 3u);
  EXPECT_EQ(OctetView(pieces[0]).subspan(20, 16)[0], 0x07);
  EXPECT_EQ(header_of(pieces[0]).ihl, 9);
  for (std::size_t i = 1; i < pieces.size(); ++i) {
    EXPECT_EQ(header_of(pieces[i]).ihl, 6);
    EXPECT_EQ(to_hex(OctetView(pieces[i]).subspan(20, 4)), "94040000");
  }
  // A copied option of 3 octets is filled up with the end of the list.
  const auto filled = pieces_of(fragment_ipv4(ipv4(counting(100), {.options = hex("83 03 04 00")}), 100));
  EXPECT_EQ(to_hex(OctetView(filled.at(1)).subspan(20, 4)), "83030400");
}

TEST(FragmentIpv4, CutsAFragmentFurther) {
  //= rfc791/2.3/last-piece-keeps-the-flag-of-the-whole
  const auto pieces =
      pieces_of(fragment_ipv4(ipv4(counting(64), {.flags = Ipv4Header::more_fragments, .offset = 5}), 60));
  ASSERT_EQ(pieces.size(), 2u);
  EXPECT_EQ(header_of(pieces[0]).fragment_offset, 5);
  EXPECT_EQ(header_of(pieces[1]).fragment_offset, 10);
  EXPECT_EQ(header_of(pieces[1]).flags, Ipv4Header::more_fragments);
}

TEST(FragmentIpv4, RefusesWhatCannotBe) {
  EXPECT_EQ(cause(fragment_ipv4({}, 100)), Discard::malformed_packet);
  EXPECT_EQ(cause(fragment_ipv4(hex("45 00"), 1)), Discard::malformed_packet);
  EXPECT_EQ(cause(fragment_ipv4(ipv4(counting(63), {.flags = Ipv4Header::more_fragments}), 60)),
            Discard::malformed_packet);
  EXPECT_EQ(cause(fragment_ipv4(ipv4(counting(64), {.offset = 8190}), 60)), Discard::malformed_packet);
  EXPECT_EQ(cause(fragment_ipv4(ipv4(counting(64), {.options = hex("83 00 00 00")}), 60)),
            Discard::malformed_packet);
  Octets lies = ipv4(counting(64));
  lies.pop_back();
  EXPECT_EQ(cause(fragment_ipv4(lies, 60)), Discard::malformed_packet);
  EXPECT_EQ(cause(fragment(hex("55"), 60, 1)), Discard::unsupported_ip_version);
}

RC_GTEST_PROP(FragmentIpv4, PiecesFitFollowEachOtherAndHoldTheWhole, ()) {
  const auto words = *rc::gen::inRange<std::size_t>(0, 11);
  Octets options;
  for (std::size_t i = 0; i < words; ++i)
    append(options, *rc::gen::elementOf(std::vector{hex("94040000"), hex("01440304"), hex("01010101")}));
  const auto payload = *rc::gen::container<Octets>(*rc::gen::inRange<std::size_t>(1, 3000),
                                                   rc::gen::arbitrary<std::uint8_t>());
  const auto mtu = *rc::gen::inRange<std::size_t>(68, 1500);
  const Octets datagram = ipv4(payload, {.options = options});
  Octets joined;
  const auto pieces = pieces_of(fragment_ipv4(datagram, mtu));
  for (const Octets& piece : pieces) {
    const Ipv4Header header = header_of(piece);
    RC_ASSERT(piece.size() <= mtu);
    RC_ASSERT(header.total_length == piece.size());
    RC_ASSERT(header.fragment_offset * 8u == joined.size());
    RC_ASSERT((header.flags == Ipv4Header::more_fragments) == (&piece != &pieces.back()));
    RC_ASSERT(wire::OnesComplementSum().add(OctetView(piece).first(header.ihl * 4u)).holds());
    append(joined, OctetView(piece).subspan(header.ihl * 4u));
  }
  RC_ASSERT(joined == payload);
}

// Hop-by-hop options and routing header, each of 8 octets, that lead to destination options and UDP.
const Octets hop_by_hop_and_routing = hex("2b00 0104 00000000  3c00 fd00 00000000");
const Octets destination_options_and_udp = hex("1100 0104 00000000  1000 2000 0000 0000");

TEST(FragmentIpv6, RepeatsTheHeadersThatRoutersRead) {
  //= rfc8200/4.5/per-fragment-headers-end-with-the-routing-header
  Octets chain = hop_by_hop_and_routing;
  append(chain, destination_options_and_udp);
  append(chain, counting(100));
  const auto pieces = pieces_of(fragment(ipv6(0, chain), 120, 0x01020304));
  ASSERT_EQ(pieces.size(), 3u);
  for (std::size_t i = 0; i < pieces.size(); ++i) {
    const OctetView piece = pieces[i];
    EXPECT_LE(piece.size(), 120u);
    EXPECT_EQ(to_hex(piece.subspan(40, 16)), "2b000104000000002c00fd0000000000");
    const auto place = *wire::decode<wire::FragmentHeader>(piece.subspan(56, 8));
    EXPECT_EQ(place.next_header, wire::protocol::destination_options);
    EXPECT_EQ(place.identification, 0x01020304u);
    EXPECT_EQ(place.fragment_offset, i * 7);
    EXPECT_EQ(place.more_fragments, i < 2 ? 1 : 0);
  }
}

TEST(FragmentIpv6, KeepsTheUpperLayerHeaderInTheFirstPiece) {
  //= rfc8200/4.5/upper-layer-header-in-the-first-fragment
  Octets chain = destination_options_and_udp;
  append(chain, counting(100));
  EXPECT_EQ(cause(fragment(ipv6(60, chain), 63, 1)), Discard::packet_too_big);
  EXPECT_EQ(pieces_of(fragment(ipv6(60, chain), 64, 1)).size(), 8u);
  Octets tcp(120);
  tcp[12] = 0xf0;  // 60 octets of header
  EXPECT_EQ(cause(fragment(ipv6(6, tcp), 111, 1)), Discard::packet_too_big);
  EXPECT_EQ(pieces_of(fragment(ipv6(6, tcp), 112, 1)).size(), 2u);
}

TEST(FragmentIpv6, RefusesWhatMayNotBeCut) {
  const Octets fragment_header = hex("11 00 0001 00000001");
  Octets chain = fragment_header;
  append(chain, counting(96));
  EXPECT_EQ(cause(fragment(ipv6(44, chain), 100, 1)), Discard::packet_too_big);
  EXPECT_EQ(pieces_of(fragment(ipv6(44, chain), 144, 1)).size(), 1u);
  EXPECT_EQ(cause(fragment(ipv6(60, hex("11ff 0104 00000000")), 47, 1)), Discard::malformed_packet);
  EXPECT_EQ(cause(fragment(ipv6(17, counting(7)), 46, 1)), Discard::malformed_packet);
  Octets jumbogram = ipv6(0, {});  // a payload of 0 octets that begins with a header
  jumbogram.resize(200);
  EXPECT_EQ(cause(fragment(jumbogram, 100, 1)), Discard::malformed_packet);
}

RC_GTEST_PROP(FragmentIpv6, PiecesFitFollowEachOtherAndHoldTheWhole, ()) {
  const bool routed = *rc::gen::arbitrary<bool>();
  Octets chain = routed ? hop_by_hop_and_routing : Octets{};
  append(chain, destination_options_and_udp);
  const std::size_t repeated = 40 + (routed ? 16u : 0u);
  append(chain, *rc::gen::container<Octets>(*rc::gen::inRange<std::size_t>(0, 3000),
                                            rc::gen::arbitrary<std::uint8_t>()));
  const Octets packet = ipv6(routed ? 0 : 60, chain);
  const auto mtu = *rc::gen::inRange<std::size_t>(100, 1500);
  const auto pieces = pieces_of(fragment(packet, mtu, 7));
  if (packet.size() <= mtu) {
    RC_ASSERT(pieces == std::vector<Octets>{packet});
    return;
  }
  Octets joined;
  for (const Octets& piece : pieces) {
    RC_ASSERT(piece.size() <= mtu);
    RC_ASSERT(wire::load<&wire::Ipv6Header::payload_length>(piece.data()) + 40u == piece.size());
    const auto place = *wire::decode<wire::FragmentHeader>(OctetView(piece).subspan(repeated, 8));
    RC_ASSERT(place.fragment_offset * 8u == joined.size());
    RC_ASSERT((place.more_fragments == 1) == (&piece != &pieces.back()));
    append(joined, OctetView(piece).subspan(repeated + 8));
  }
  RC_ASSERT(joined == Octets(packet.begin() + static_cast<std::ptrdiff_t>(repeated), packet.end()));
}

// Whatever the octets are: an answer, and pieces only if each is smaller than the whole.
RC_GTEST_PROP(Fragment, NeverGivesMoreThanTheRoomAllows, (Octets octets, bool six)) {
  if (!octets.empty()) octets[0] = static_cast<std::uint8_t>((six ? 0x60 : 0x40) | (octets[0] & 0xf));
  const auto mtu = *rc::gen::inRange<std::size_t>(0, 120);
  for (const Octets& piece : pieces_of(fragment(octets, mtu, 1)))
    RC_ASSERT(piece.size() <= mtu);
}

}  // namespace
}  // namespace mpsec::ipsec
