#include "wire/ipv4.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "wire/codec.hpp"
#include "wire/in_place.hpp"

namespace mpsec::wire {
namespace {

const Octets plain = hex("45b8 003c 1c46 4000 4006 b1e6 ac10 0a63 ac10 0a0c");

TEST(Ipv4Header, DecodesEveryField) {
  const auto header = decode<Ipv4Header>(plain);
  ASSERT_TRUE(header) << to_string(header.error());
  EXPECT_EQ(header->dscp, 46);
  EXPECT_EQ(header->flags, Ipv4Header::dont_fragment);
  EXPECT_EQ(header->total_length, 60);
  EXPECT_EQ(header->protocol, 6);
  EXPECT_EQ(encode(*header), plain);
}

TEST(Ipv4Header, NamesTheFieldThatIsMissing) {
  const auto header = decode<Ipv4Header>(OctetView(plain).first(17));
  ASSERT_FALSE(header);
  EXPECT_EQ(to_string(header.error()),
            "IPv4/Destination Address @ 0x10: need 4 octets, have 1 (RFC 791 3.1)");
}

TEST(Ipv4Header, NamesTheOptionThatLies) {
  Octets octets = plain;
  octets[0] = 0x46;
  append(octets, hex("01 44 01 00"));
  const auto header = decode<Ipv4Header>(octets);
  ASSERT_FALSE(header);
  EXPECT_EQ(header.error().path, "IPv4/Options[1]/Length");
}

RC_GTEST_PROP(Ipv4Header, RoundTripIsTheIdentityOnWhateverParses, (Octets octets)) {
  if (!octets.empty()) octets[0] = static_cast<std::uint8_t>(0x40 | (octets[0] & 0xf));
  const auto header = decode<Ipv4Header>(octets);
  if (header) RC_ASSERT(encode(*header) == octets);
}

TEST(InPlace, OffsetsComeFromTheDeclaration) {
  static_assert(offset_of<&Ipv4Header::ttl> == 8);
  static_assert(offset_of<&Ipv4Header::destination> == 16);
  static_assert(end_of<&Ipv4Header::destination> == 20);
  static_assert(offset_of<&Ipv4Option::length> == 1);  // where there is one
  EXPECT_EQ(load<&Ipv4Header::ihl>(plain.data()), 5);
  EXPECT_EQ(load<&Ipv4Header::fragment_offset>(plain.data()), 0);
  EXPECT_EQ(load<&Ipv4Header::flags>(plain.data()), 2);
  EXPECT_EQ(load<&Ipv4Header::dscp>(plain.data()), 46);
  Octets changed = plain;
  store<&Ipv4Header::ecn>(changed.data(), 3);
  EXPECT_EQ(changed[1], 0xbb);
  store<&Ipv4Header::total_length>(changed.data(), 0x1234);
  EXPECT_EQ(decode<Ipv4Header>(changed)->total_length, 0x1234);
}

}  // namespace
}  // namespace mpsec::wire
