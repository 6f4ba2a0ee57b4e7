#include "wire/icmp.hpp"

#include <gtest/gtest.h>

#include "wire/codec.hpp"
#include "wire/icmpv6.hpp"
#include "wire/in_place.hpp"
#include "wire/visit.hpp"

namespace mpsec::wire {
namespace {

TEST(Icmp, TheTypeSaysWhatStandsInTheSecondWord) {
  EXPECT_EQ(decode<Icmp>(hex("0800 0000 0007 0001 ff"))->sequence_number, 1);
  EXPECT_EQ(decode<Icmp>(hex("0304 0000 0000 0578"))->next_hop_mtu, 1400);
  EXPECT_EQ(decode<Icmp>(hex("0c00 0000 14000000"))->pointer, 20);
  EXPECT_EQ(decode<Icmp>(hex("0b00 0000 01020304"))->unused, 0x01020304u);
}

TEST(Icmp, TheFieldsOfTheSecondWordLieInPlace) {
  static_assert(offset_of<&Icmp::sequence_number> == 4 && offset_of<&Icmp::next_hop_mtu> == 4);
  const Octets message = hex("0304 0000 0000 0578");
  EXPECT_EQ(load<&Icmp::next_hop_mtu>(message.data()), 1400);
  EXPECT_EQ(load<&Icmpv6::mtu>(hex("0200 0000 00000500").data()), 1280u);
}

TEST(Icmp, ShowsOnlyWhatIsOnTheWire) {
  EXPECT_EQ(dump(*decode<Icmp>(hex("0304 0000 0000 0578"))),
            "ICMP\n  Type: 0x03\n  Code: 0x04\n  Checksum: 0x0000\n  unused: 0x0000\n  Next-Hop MTU: 0x0578 "
            "(1400)\n"
            "  Data: 0 octets\n");
}

TEST(Icmpv6, TheTypeSaysWhatStandsInTheSecondWord) {
  EXPECT_EQ(decode<Icmpv6>(hex("8000 0000 0007 0001 ff"))->identifier, 7);
  EXPECT_EQ(decode<Icmpv6>(hex("0200 0000 00000500"))->mtu, 1280u);
  EXPECT_EQ(decode<Icmpv6>(hex("0400 0000 00000006"))->pointer, 6u);
  EXPECT_EQ(decode<Icmpv6>(hex("0300 0000 01020304"))->unused, 0x01020304u);
  EXPECT_EQ(decode<Icmpv6>(hex("8500 0000 0102"))->data, hex("0102"));
}

TEST(Icmpv6, NamesTheFieldThatIsMissing) {
  EXPECT_EQ(to_string(decode<Icmpv6>(hex("0200 0000 0000")).error()),
            "ICMPv6/MTU @ 0x4: need 4 octets, have 2 (RFC 4443 2.1)");
}

}  // namespace
}  // namespace mpsec::wire
