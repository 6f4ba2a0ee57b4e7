#include "wire/udp.hpp"

#include <gtest/gtest.h>

#include "wire/codec.hpp"
#include "wire/udp_encap.hpp"

namespace mpsec::wire {
namespace {

TEST(UdpHeader, DecodesEveryField) {
  const Octets octets = hex("1194 01f4 0009 abcd");
  const auto header = decode<UdpHeader>(octets);
  ASSERT_TRUE(header) << to_string(header.error());
  EXPECT_EQ(header->source_port, 4500);
  EXPECT_EQ(header->destination_port, 500);
  EXPECT_EQ(header->length, 9);
  EXPECT_EQ(header->checksum, 0xabcd);
  EXPECT_EQ(encode(*header), octets);
}

TEST(UdpHeader, RefusesALengthBelowItself) {
  EXPECT_EQ(to_string(decode<UdpHeader>(hex("1194 01f4 0007 abcd")).error()),
            "UDP/Length @ 0x4: the header counts too: need at least 8, found 7 (RFC 768)");
}

TEST(UdpEncapsulation, TellsEspIkeAndKeepaliveApart) {
  //= rfc3948/2.1/spi-is-not-zero
  EXPECT_EQ(classify_udp_payload(hex("00000100 00000001")), UdpEncapsulated::esp);
  EXPECT_EQ(classify_udp_payload(hex("ff000000 00000001")), UdpEncapsulated::esp);
  //= rfc3948/2.2/non-esp-marker-is-four-zero-octets
  EXPECT_EQ(classify_udp_payload(hex("00000000 01020304")), UdpEncapsulated::ike);
  EXPECT_EQ(classify_udp_payload(hex("00000000")), UdpEncapsulated::ike);
  //= rfc3948/2.3/keepalive-is-one-octet-0xff
  EXPECT_EQ(classify_udp_payload(hex("ff")), UdpEncapsulated::keepalive);
}

TEST(UdpEncapsulation, TakesWhatIsTooShortForAnyFormAsMalformed) {
  EXPECT_EQ(classify_udp_payload({}), UdpEncapsulated::malformed);
  EXPECT_EQ(classify_udp_payload(hex("fe")), UdpEncapsulated::malformed);
  EXPECT_EQ(classify_udp_payload(hex("ffff")), UdpEncapsulated::malformed);
  EXPECT_EQ(classify_udp_payload(hex("000000")), UdpEncapsulated::malformed);
}

}  // namespace
}  // namespace mpsec::wire
