#include "ipsec/ah_fields.hpp"

#include "ipsec/ah_test_packets.hpp"

namespace mpsec::ipsec {
namespace {

using namespace ah_test;

// The canonical form in hexadecimal, or the cause why there is none.
std::string canonical(Octets head, AhRole role = AhRole::incoming) {
  const auto left_out = canonicalise(head, role);
  return left_out ? to_hex(OctetView(head).subspan(*left_out)) : std::string(to_string(left_out.error()));
}

std::string plain(std::string_view octets) {
  return to_hex(hex(octets));
}

// IPv4 options behind a header that announces AH, and their canonical form.
std::string canonical_options(std::string_view options, AhRole role = AhRole::incoming) {
  const std::string form = canonical(ipv4_packet(hex(options), {}, protocol::ah), role);
  return form.size() < 40 ? form : form.substr(40);
}

const std::string from = "20010db8000000000000000000000001", to = "20010db8000000000000000000000002";
const std::string a1 = "20010db80000000000000000000000a1", a2 = "20010db80000000000000000000000a2",
                  a3 = "20010db80000000000000000000000a3";

// The canonical form of an IPv6 head of these extension headers, from the first of them on.
std::string canonical_extensions(const std::vector<Extension>& extensions, AhRole role = AhRole::incoming) {
  const std::string form = canonical(ipv6_packet(extensions, {}, protocol::ah), role);
  return form.size() < 80 ? form : form.substr(80);
}

TEST(AhFields, Ipv4Header) {
  //= rfc4302/3.3.3.1.1.1/mutable-ipv4-fields-are-zeroed
  // TOS b8, DF, TTL 40 and checksum are zeroed; length, identification, protocol and addresses stay.
  EXPECT_EQ(canonical(hex("45b8 00b0 1c46 4000 4033 b1e6 ac100a63 ac100a0c")),
            plain("4500 00b0 1c46 0000 0033 0000 ac100a63 ac100a0c"));
}

TEST(AhFields, Ipv4Options) {
  //= rfc4302/3.3.3.1.1.2/mutable-option-is-zeroed-as-a-whole
  //= rfc4302/3.3.3.1/unknown-ipv4-option-is-zeroed
  for (const AhOption& option : ah_ipv4_options) {
    const Octets octets = hex(option.octets);
    Octets expected = option.coverage == AhCoverage::covered ? octets : Octets(octets.size());
    expected.resize((expected.size() + 3) / 4 * 4);
    EXPECT_EQ(canonical_options(option.octets), to_hex(expected)) << option.name;
  }
}

TEST(AhFields, Ipv4OptionsOneBehindTheOther) {
  EXPECT_EQ(canonical_options("01 94040000 44080500 00a4cb80 01 85050180ff 00"),
            plain("01 94040000 00000000 00000000 01 85050180ff 00"));
  // Behind the end of the list nothing is an option any more; it stays.
  EXPECT_EQ(canonical_options("00 44 08 05"), plain("00440805"));
}

TEST(AhFields, Ipv4SourceRouteForetellsTheDestination) {
  //= rfc4302/3.3.3.1.1.1/destination-is-predicted-with-source-route
  for (const char* kind : {"83", "89"}) {
    const std::string route = std::string(kind) + " 0b 04 cb007101 cb007102 00";
    const std::string zeroed = plain("00000000 00000000 00000000");
    const Octets head = ipv4_packet(hex(route), {}, protocol::ah);
    EXPECT_EQ(canonical(head, AhRole::outgoing).substr(32), "cb007102" + zeroed);
    EXPECT_EQ(canonical(head, AhRole::incoming).substr(32), "c6336402" + zeroed);
    // Partly used: the rest still leads to the last address. Used up: the packet is where it goes.
    Octets on_its_way = head, arrived = head;
    on_its_way[22] = 8;
    arrived[22] = 12;
    EXPECT_EQ(canonical(on_its_way, AhRole::outgoing).substr(32, 8), "cb007102");
    EXPECT_EQ(canonical(arrived, AhRole::outgoing).substr(32, 8), "c6336402");
  }
}

TEST(AhFields, Ipv4OptionsThatLie) {
  for (const char* options : {"44", "44 00 0000", "44 01 0000", "94 05 0000", "01 01 01 82"})
    EXPECT_EQ(canonical_options(options), "malformed_packet") << options;
  EXPECT_EQ(canonical_options("83 06 04 cb0071 0000"), "malformed_packet");    // not a whole address
  EXPECT_EQ(canonical_options("83 02 0000"), "malformed_packet");              // no pointer
  EXPECT_EQ(canonical_options("83 03 04 89 03 04 0000"), "malformed_packet");  // two routes
}

TEST(AhFields, Ipv6Header) {
  //= rfc4302/3.3.3.1.2.1/mutable-ipv6-fields-are-zeroed
  EXPECT_EQ(canonical(hex("6b812345 0018 33 40" + from + to)), plain("60000000 0018 33 00" + from + to));
}

TEST(AhFields, Ipv6Options) {
  //= rfc4302/A2/data-of-changing-option-is-zeroed
  for (const std::uint8_t number : {protocol::hop_by_hop, protocol::destination_options})
    for (const AhOption& option : ah_ipv6_options) {
      const Extension header = options_header(number, option.octets);
      Octets expected = header.octets;
      expected[0] = protocol::ah;
      if (option.coverage == AhCoverage::zeroed)
        std::fill_n(expected.begin() + 4, expected[3], std::uint8_t{0});
      EXPECT_EQ(canonical_extensions({header}), to_hex(expected)) << option.name;
    }
  EXPECT_EQ(canonical_extensions({options_header(protocol::hop_by_hop, "3e020102 05021234 0000 5e01ff")}),
            plain("3301 3e020000 05021234 0000 5e01ff 00"));
}

TEST(AhFields, Ipv6OptionsThatLie) {
  for (const char* options : {"0000000000 3e", "3e05 00000000", "1eff00000000"})
    EXPECT_EQ(canonical_extensions({options_header(protocol::hop_by_hop, options)}), "malformed_packet")
        << options;
}

TEST(AhFields, RoutingHeaderAsItWillArrive) {
  //= rfc4302/A2/routing-header-as-it-arrives
  const auto head = [](std::uint8_t left) {
    return ipv6_packet({routing_header(RoutingHeader::source_route, 3, left)}, {}, protocol::ah);
  };
  const std::string front = plain("60000000 0038 2b 00") + from, used_up = plain("3306 0000 00000000");
  EXPECT_EQ(canonical(head(3), AhRole::outgoing), front + a3 + used_up + to + a1 + a2);
  EXPECT_EQ(canonical(head(2), AhRole::outgoing), front + a3 + used_up + a1 + to + a2);
  EXPECT_EQ(canonical(head(1), AhRole::outgoing), front + a3 + used_up + a1 + a2 + to);
  EXPECT_EQ(canonical(head(0), AhRole::outgoing), front + to + used_up + a1 + a2 + a3);
  // A packet that comes in has arrived: what it still holds is no prediction.
  EXPECT_EQ(canonical(head(2), AhRole::incoming), front + to + plain("3306 0002 00000000") + a1 + a2 + a3);
}

TEST(AhFields, RoutingHeaderOfMobileIpv6) {
  const Octets head = ipv6_packet({routing_header(RoutingHeader::mobile_ipv6, 1, 1)}, {}, protocol::ah);
  EXPECT_EQ(canonical(head, AhRole::outgoing),
            plain("60000000 0018 2b 00" + from + a1 + "3302 0200 00000000" + to));
  EXPECT_EQ(canonical_extensions({routing_header(RoutingHeader::mobile_ipv6, 2, 1)}), "malformed_packet");
}

TEST(AhFields, RoutingHeadersThatNobodyClassified) {
  for (const std::uint8_t type :
       {RoutingHeader::rpl_source_route, RoutingHeader::segment_routing, std::uint8_t{253}})
    EXPECT_EQ(canonical_extensions({routing_header(type, 1, 0)}), "ah_unprocessable") << int{type};
  EXPECT_EQ(canonical_extensions({routing_header(0, 2, 3)}), "malformed_packet");
  EXPECT_EQ(canonical_extensions({{protocol::routing, hex("0001 0000 00000000 0000000000000000")}}),
            "malformed_packet");
}

TEST(AhFields, FragmentHeaderOfAWholePacketIsLeftOut) {
  //= rfc4302/A2/fragment-header-is-skipped-inbound
  //= rfc4302/A2/fragment-header-is-skipped-outbound
  const Extension hop_by_hop = options_header(protocol::hop_by_hop, "05020000"),
                  destination = options_header(protocol::destination_options, "0102 0000");
  for (const AhRole role : {AhRole::outgoing, AhRole::incoming}) {
    EXPECT_EQ(canonical(ipv6_packet({hop_by_hop, fragment_header(), destination}, {}, protocol::ah), role),
              canonical(ipv6_packet({hop_by_hop, destination}, {}, protocol::ah), role));
    EXPECT_EQ(canonical(ipv6_packet({fragment_header()}, {}, protocol::ah), role),
              canonical(ipv6_packet({}, {}, protocol::ah), role));
  }
}

TEST(AhFields, HeadersThatCannotStandBeforeAh) {
  const auto hop_by_hop = options_header(protocol::hop_by_hop, "");
  EXPECT_EQ(canonical_extensions({fragment_header(1)}), "fragment_for_ipsec");
  EXPECT_EQ(canonical_extensions({fragment_header(8)}), "fragment_for_ipsec");
  EXPECT_EQ(canonical_extensions({fragment_header(), fragment_header()}), "ah_unprocessable");
  EXPECT_EQ(canonical_extensions({hop_by_hop, hop_by_hop}), "ah_unprocessable");
  for (const std::uint8_t number :
       {protocol::mobility, protocol::hip, protocol::shim6, protocol::esp, protocol::ah, std::uint8_t{253}})
    EXPECT_EQ(canonical_extensions({{number, hex("0000000000000000")}}), "ah_unprocessable") << int{number};
}

TEST(AhFields, HeadsThatDoNotEndAtAh) {
  EXPECT_EQ(canonical({}), "malformed_packet");
  EXPECT_EQ(canonical(hex("55")), "unsupported_ip_version");
  EXPECT_EQ(canonical(ipv4_packet({}, {}, protocol::udp)), "malformed_packet");
  EXPECT_EQ(canonical(ipv4_packet({}, hex("00"), protocol::ah)), "malformed_packet");
  EXPECT_EQ(canonical(ipv6_packet({}, {}, protocol::udp)), "malformed_packet");
  EXPECT_EQ(canonical_extensions({{protocol::destination_options, hex("0001000000000000")}}),
            "malformed_packet");
  EXPECT_EQ(canonical_extensions({{protocol::destination_options, hex("00000000")}}), "malformed_packet");
}

RC_GTEST_PROP(AhFields, CanonicalFormIsItsOwnCanonicalForm, (bool is_v6, bool outgoing)) {
  Octets head = is_v6 ? ipv6_packet(some_extensions(), {}, protocol::ah)
                      : ipv4_packet(some_ipv4_options(), {}, protocol::ah);
  const AhRole role = outgoing ? AhRole::outgoing : AhRole::incoming;
  const auto left_out = canonicalise(head, role);
  RC_ASSERT(left_out.has_value());
  const Octets once(head.begin() + static_cast<std::ptrdiff_t>(*left_out), head.end());
  Octets twice = once;
  const auto again = canonicalise(twice, role);
  RC_ASSERT(again.has_value() && *again == 0);
  RC_ASSERT(once == twice);
}

RC_GTEST_PROP(AhFields, AnyOctetsGetAnAnswer, (Octets damage, bool is_v6, bool outgoing)) {
  Octets head = is_v6 ? ipv6_packet(some_extensions(), {}, protocol::ah)
                      : ipv4_packet(some_ipv4_options(), {}, protocol::ah);
  for (const std::uint8_t octet : damage)
    head[*rc::gen::inRange<std::size_t>(0, head.size())] = octet;
  head.resize(*rc::gen::inRange<std::size_t>(0, head.size() + 1));
  const std::size_t size = head.size();
  const auto left_out = canonicalise(head, outgoing ? AhRole::outgoing : AhRole::incoming);
  RC_ASSERT((left_out ? *left_out < size : left_out.error() != Discard::none));
}

}  // namespace
}  // namespace mpsec::ipsec
