#include "wire/ipv6.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "wire/codec.hpp"
#include "wire/in_place.hpp"
#include "wire/ipv6_extension.hpp"
#include "wire/ipv6_fragment.hpp"
#include "wire/ipv6_options.hpp"
#include "wire/ipv6_routing.hpp"
#include "wire/visit.hpp"

namespace mpsec::wire {
namespace {

const Octets plain =
    hex("6bb12345 0008 3a 40 20010db8000000000000000000000001 20010db8000000000000000000000002");

TEST(Ipv6Header, DecodesEveryField) {
  const auto header = decode<Ipv6Header>(plain);
  ASSERT_TRUE(header) << to_string(header.error());
  EXPECT_EQ(header->dscp, 46);
  EXPECT_EQ(header->ecn, 3);
  EXPECT_EQ(header->flow_label, 0x12345u);
  EXPECT_EQ(header->payload_length, 8);
  EXPECT_EQ(header->next_header, 58);
  EXPECT_EQ(header->hop_limit, 64);
  EXPECT_EQ(header->destination[15], 2);
  EXPECT_EQ(encode(*header), plain);
}

TEST(Ipv6Header, RefusesAnotherVersion) {
  Octets octets = plain;
  octets[0] = 0x45;
  EXPECT_EQ(to_string(decode<Ipv6Header>(octets).error()),
            "IPv6/Version @ 0x0: expected 6, found 4 (RFC 8200 3)");
}

TEST(Ipv6Header, FieldsLieWhereTheDeclarationSays) {
  static_assert(offset_of<&Ipv6Header::next_header> == 6);
  static_assert(offset_of<&Ipv6Header::source> == 8);
  static_assert(end_of<&Ipv6Header::destination> == 40);
  Octets octets = plain;
  EXPECT_EQ(load<&Ipv6Header::dscp>(octets.data()), 46);
  store<&Ipv6Header::ecn>(octets.data(), 0);
  EXPECT_EQ(load_be<std::uint32_t>(octets.data()), 0x6b812345u);
}

TEST(HopByHopOptions, KnowsTheOptionsThatPad) {
  const Octets octets = hex("06 01 00 05 02 0000 01 01 00 c2 04 00012345");
  const auto header = decode<HopByHopOptions>(octets);
  ASSERT_TRUE(header) << to_string(header.error());
  ASSERT_EQ(header->options.size(), 4u);
  EXPECT_FALSE(header->options[0].has_length());
  EXPECT_EQ(header->options[3].action(), UnknownOptionAction::discard_and_report_if_unicast);
  EXPECT_FALSE(header->options[3].may_change_en_route());
  EXPECT_EQ(encode(*header), octets);
}

TEST(DestinationOptions, NamesTheOptionThatReachesTooFar) {
  const auto header = decode<DestinationOptions>(hex("06 00 00 00 01 05 0000"));
  ASSERT_FALSE(header);
  EXPECT_EQ(to_string(header.error()),
            "Destination Options/Options[2]/Option Data @ 0x6: need 5 octets, have 2 (RFC 8200 4.2)");
}

TEST(DestinationOptions, NamesTheHeaderThatReachesTooFar) {
  const auto header = decode<DestinationOptions>(hex("06 01 01 04 00000000"));
  ASSERT_FALSE(header);
  EXPECT_EQ(to_string(header.error()),
            "Destination Options/Options @ 0x2: need 14 octets, have 6 (RFC 8200 4.6)");
}

TEST(DestinationOptions, DumpsAsATree) {
  EXPECT_EQ(dump(*decode<DestinationOptions>(hex("06 00 01 04 00000000"))),
            "Destination Options\n"
            "  Next Header: 0x06\n"
            "  Hdr Ext Len: 0x00\n"
            "  Options[0]\n"
            "    Option Type: 0x01\n"
            "    Opt Data Len: 0x04\n"
            "    Option Data: 4 octets 00000000\n");
}

TEST(RoutingHeader, Type0HasAddresses) {
  Octets octets = hex("06 04 00 01 00000000");
  append(octets, OctetView(plain).subspan(8, 32));
  const auto header = decode<RoutingHeader>(octets);
  ASSERT_TRUE(header) << to_string(header.error());
  ASSERT_EQ(header->addresses.size(), 2u);
  EXPECT_EQ(header->addresses[1].octets[15], 2);
  EXPECT_EQ(encode(*header), octets);
}

TEST(RoutingHeader, Type0WithHalfAnAddressIsAnError) {
  const auto header = decode<RoutingHeader>(hex("06 01 00 01 00000000 20010db800000000"));
  ASSERT_FALSE(header);
  EXPECT_EQ(header.error().path, "Routing/Addresses[0]/Address");
}

TEST(RoutingHeader, AnyOtherTypeIsOctets) {
  const Octets octets = hex("06 02 02 01 00000000 20010db8000000000000000000000001");
  const auto header = decode<RoutingHeader>(octets);
  ASSERT_TRUE(header) << to_string(header.error());
  EXPECT_EQ(header->data.size(), 20u);
  EXPECT_EQ(encode(*header), octets);
}

TEST(FragmentHeader, KeepsItsReservedBits) {
  const Octets octets = hex("11 a5 00b7 deadbeef");
  const auto header = decode<FragmentHeader>(octets);
  ASSERT_TRUE(header) << to_string(header.error());
  EXPECT_EQ(header->fragment_offset, 0x16);
  EXPECT_EQ(header->reserved2, 3);
  EXPECT_EQ(header->more_fragments, 1);
  EXPECT_EQ(encode(*header), octets);
}

TEST(MobilityHeader, IsAHeaderOfUnknownContent) {
  const Octets octets = hex("3b 01 0700 000000000000 000000000000");
  const auto header = decode<MobilityHeader>(octets);
  ASSERT_TRUE(header) << to_string(header.error());
  EXPECT_EQ(header->data.size(), 14u);
  EXPECT_EQ(encode(*header), octets);
}

}  // namespace
}  // namespace mpsec::wire
