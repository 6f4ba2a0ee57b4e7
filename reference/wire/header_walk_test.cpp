#include "wire/header_walk.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "wire/header_build.hpp"
#include "wire/protocol.hpp"

namespace mpsec::wire {
namespace {

const Octets v4 = hex("45b8 001c 1c46 4000 4011 0000 ac100a63 ac100a0c 0001 0002 0008 0000");
const std::string v6_addresses = "20010db8000000000000000000000001 20010db8000000000000000000000002";

Octets v6(std::string_view next_header, std::string_view rest) {
  Octets packet = hex("60000000 0000" + std::string(next_header) + "40" + v6_addresses + std::string(rest));
  store<&Ipv6Header::payload_length>(packet.data(), static_cast<std::uint16_t>(packet.size() - 40));
  return packet;
}

WalkError error_of(OctetView packet) {
  const auto walk = walk_headers(packet);
  return walk ? WalkError{255} : walk.error();
}

TEST(HeaderWalk, Ipv4) {
  const auto walk = walk_headers(v4);
  ASSERT_TRUE(walk);
  EXPECT_EQ(walk->version, IpVersion::v4);
  EXPECT_EQ(walk->protocol, protocol::udp);
  EXPECT_EQ(walk->upper_at, 20);
  EXPECT_EQ(walk->upper_length(), 8u);
  EXPECT_EQ(walk->identification, 0x1c46u);
  EXPECT_TRUE(walk->dont_fragment);
  EXPECT_FALSE(walk->is_fragment());
}

TEST(HeaderWalk, LeavesOutWhatStandsBehindThePacket) {
  Octets padded = v4;
  append(padded, hex("000000000000"));
  EXPECT_EQ(walk_headers(padded)->total_length, v4.size());
}

TEST(HeaderWalk, Ipv4Fragment) {
  Octets fragment = v4;
  store_be<std::uint16_t>(&fragment[6], 0x2003);
  const auto walk = walk_headers(fragment);
  ASSERT_TRUE(walk);
  EXPECT_TRUE(walk->is_fragment());
  EXPECT_TRUE(walk->more_fragments);
  EXPECT_FALSE(walk->starts_upper_layer());
  EXPECT_EQ(walk->fragment_offset, 24);
}

TEST(HeaderWalk, Ipv4LengthsThatLie) {
  Octets packet = v4;
  packet[0] = 0x44;
  EXPECT_EQ(error_of(packet), WalkError::bad_header_length);
  packet[0] = 0x48;
  EXPECT_EQ(error_of(packet), WalkError::bad_header_length);
  packet = v4;
  packet[3] = 19;
  EXPECT_EQ(error_of(packet), WalkError::bad_total_length);
  packet[3] = 29;
  EXPECT_EQ(error_of(packet), WalkError::bad_total_length);
  EXPECT_EQ(error_of(OctetView(v4).first(19)), WalkError::truncated_header);
}

TEST(HeaderWalk, NeitherNothingNorAnotherVersion) {
  EXPECT_EQ(error_of({}), WalkError::empty);
  EXPECT_EQ(error_of(hex("05")), WalkError::wrong_version);
  EXPECT_EQ(error_of(hex("60")), WalkError::truncated_header);
}

TEST(HeaderWalk, Ipv6WithoutExtensions) {
  const auto walk = walk_headers(v6("32", "00000100 00000001"));
  ASSERT_TRUE(walk);
  EXPECT_EQ(walk->version, IpVersion::v6);
  EXPECT_EQ(walk->protocol, protocol::esp);
  EXPECT_EQ(walk->protocol_at, 6);
  EXPECT_EQ(walk->upper_at, 40);
  EXPECT_EQ(walk->per_fragment_end, 40);
}

TEST(HeaderWalk, Ipv6WithAllExtensions) {
  const Octets packet = v6("00",
                           "3c00010400000000"                  // hop-by-hop, then
                           "2b00010400000000"                  // destination options, then
                           "2c00000000000000"                  // routing, then
                           "3c000001deadbeef"                  // fragment (first, more), then
                           "11010104000000000000000000000000"  // destination options, then UDP
                           "0001000200080000");
  const auto walk = walk_headers(packet);
  ASSERT_TRUE(walk);
  EXPECT_EQ(walk->protocol, protocol::udp);
  EXPECT_EQ(walk->upper_at, 88);
  EXPECT_EQ(walk->protocol_at, 72);
  EXPECT_EQ(walk->per_fragment_end, 64);
  EXPECT_EQ(walk->per_fragment_next_at, 56);
  EXPECT_EQ(walk->fragment_header_at, 64);
  EXPECT_EQ(walk->identification, 0xdeadbeefu);
  EXPECT_TRUE(walk->is_fragment());
  EXPECT_TRUE(walk->starts_upper_layer());
}

TEST(HeaderWalk, StopsAtALaterFragment) {
  const auto walk = walk_headers(v6("2c", "3c000008deadbeef 00ff"));
  ASSERT_TRUE(walk);
  EXPECT_EQ(walk->fragment_offset, 8);
  EXPECT_EQ(walk->upper_at, 48);
  EXPECT_FALSE(walk->starts_upper_layer());
}

TEST(HeaderWalk, AnAtomicFragmentIsNone) {
  const auto walk = walk_headers(v6("2c", "11000000deadbeef 0001000200080000"));
  ASSERT_TRUE(walk);
  EXPECT_FALSE(walk->is_fragment());
  EXPECT_EQ(walk->protocol, protocol::udp);
}

TEST(HeaderWalk, TakesALateHopByHopHeaderForAnUnknownUpperLayer) {
  const auto walk = walk_headers(v6("3c", "0000010400000000 1100010400000000"));
  ASSERT_TRUE(walk);
  EXPECT_EQ(walk->protocol, protocol::hop_by_hop);
  EXPECT_EQ(walk->upper_at, 48);
}

TEST(HeaderWalk, Ipv6LengthsThatLie) {
  EXPECT_EQ(error_of(v6("3c", "11010104000000")), WalkError::truncated_extension);
  EXPECT_EQ(error_of(v6("3c", "1101010400000000")), WalkError::truncated_extension);
  Octets packet = v6("3b", "00");
  packet[5] = 2;
  EXPECT_EQ(error_of(packet), WalkError::bad_total_length);
}

TEST(HeaderWalk, GivesUpOnHeadersWithoutEnd) {
  std::string endless;
  for (int i = 0; i < 17; ++i)
    endless += "3c00010400000000";
  EXPECT_EQ(error_of(v6("3c", endless)), WalkError::too_many_extensions);
}

TEST(HeaderWalk, SaysEachErrorInWords) {
  for (int error = 0; error <= static_cast<int>(WalkError::too_many_extensions); ++error)
    EXPECT_NE(to_string(static_cast<WalkError>(error)), "unknown");
}

RC_GTEST_PROP(HeaderWalk, NeverPointsOutsideThePacket, (Octets rest)) {
  const auto next = *rc::gen::element<std::string>("00", "3c", "2b", "2c", "87", "33");
  const Octets packet = v6(next, to_hex(rest));
  const auto walk = walk_headers(packet);
  if (!walk) return;
  RC_ASSERT(walk->upper_at <= walk->total_length);
  RC_ASSERT(walk->per_fragment_end <= walk->upper_at);
  RC_ASSERT(walk->protocol_at < walk->upper_at);
  RC_ASSERT(packet[walk->protocol_at] == walk->protocol);
}

TEST(HeaderBuild, Ipv4) {
  Octets header(ipv4_header_size, 0xee);
  store_ipv4_header(header.data(), {.source = {172, 16, 10, 99},
                                    .destination = {172, 16, 10, 12},
                                    .protocol = protocol::tcp,
                                    .dont_fragment = true,
                                    .identification = 0x1c46,
                                    .total_length = 60});
  EXPECT_EQ(header, hex("4500 003c 1c46 4000 4006 b1e6 ac10 0a63 ac10 0a0c"));
}

TEST(HeaderBuild, ChangesAnIpv4HeaderAndItsChecksum) {
  Octets header = hex("4500 003c 1c46 4000 4006 b1e6 ac10 0a63 ac10 0a0c");
  change_ipv4_payload(header.data(), protocol::esp, 1420);
  EXPECT_EQ(load<&Ipv4Header::protocol>(header.data()), protocol::esp);
  EXPECT_EQ(load<&Ipv4Header::total_length>(header.data()), 1420);
  EXPECT_TRUE(OnesComplementSum().add(header).holds());
}

TEST(HeaderBuild, Ipv6) {
  Octets header(ipv6_header_size, 0xee);
  Ipv6Build build{
      .next_header = protocol::icmpv6, .traffic_class = 0xbb, .flow_label = 0x12345, .payload_length = 8};
  build.source[15] = 1;
  build.destination[15] = 2;
  store_ipv6_header(header.data(), build);
  EXPECT_EQ(to_hex(header),
            "6bb12345"
            "00083a40"
            "00000000000000000000000000000001"
            "00000000000000000000000000000002");
}

TEST(HeaderBuild, Udp) {
  Octets header(udp_header_size, 0xee);
  store_udp_header(header.data(), 4500, 4501, 100);
  EXPECT_EQ(header, hex("1194 1195 0064 0000"));
}

}  // namespace
}  // namespace mpsec::wire
