#include "wire/checksum.hpp"

#include <algorithm>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "wire/protocol.hpp"

namespace mpsec::wire {
namespace {

// The definition, word by word.
std::uint16_t slow_sum(OctetView octets) {
  std::uint32_t sum = 0;
  for (std::size_t i = 0; i < octets.size(); i += 2) {
    sum += static_cast<std::uint32_t>(octets[i]) << 8;
    if (i + 1 < octets.size()) sum += octets[i + 1];
    sum = (sum & 0xffff) + (sum >> 16);
  }
  return static_cast<std::uint16_t>(sum);
}

// 0x0000 and 0xffff are the same number in one's complement.
bool same(std::uint16_t one, std::uint16_t other) {
  return one % 0xffff == other % 0xffff;
}

TEST(Checksum, OfAKnownIpv4Header) {
  const Octets header = hex("4500 003c 1c46 4000 4006 0000 ac10 0a63 ac10 0a0c");
  EXPECT_EQ(internet_checksum(header), 0xb1e6);
  EXPECT_TRUE(OnesComplementSum().add(hex("4500 003c 1c46 4000 4006 b1e6 ac10 0a63 ac10 0a0c")).holds());
  EXPECT_FALSE(OnesComplementSum().add(hex("4500 003c 1c46 4000 4006 b1e7 ac10 0a63 ac10 0a0c")).holds());
}

TEST(Checksum, OfNothingIsAllOnes) {
  EXPECT_EQ(internet_checksum({}), 0xffff);
}

TEST(Checksum, TheExampleOfRfc1624Section4) {
  EXPECT_EQ(updated_checksum(0xdd2f, 0x5555, 0x3285), 0x0000);
}

TEST(Checksum, ZeroGoesOutOnUdpAsItsOtherZero) {
  //= rfc768/fields/zero-checksum-goes-out-as-ones
  EXPECT_EQ(udp_checksum_on_wire(0), 0xffff);
  EXPECT_EQ(udp_checksum_on_wire(0x1234), 0x1234);
}

TEST(Checksum, ThePseudoHeaderOfBothFamilies) {
  const Octets v4 = hex("0a000001 0a000002 00 11 0009");
  EXPECT_EQ(pseudo_header_sum(hex("0a000001"), hex("0a000002"), protocol::udp, 9).folded(), slow_sum(v4));
  const Octets source = hex("20010db8000000000000000000000001"),
               destination = hex("20010db8000000000000000000000002");
  Octets v6 = source;
  append(v6, destination);
  append(v6, hex("00012345 000000 3a"));
  EXPECT_EQ(pseudo_header_sum(source, destination, protocol::icmpv6, 0x12345).folded(), slow_sum(v6));
}

RC_GTEST_PROP(Checksum, IsTheDefinition, (Octets octets)) {
  RC_ASSERT(same(OnesComplementSum().add(octets).folded(), slow_sum(octets)));
}

RC_GTEST_PROP(Checksum, PiecesOfEvenCountAddUp, (const Octets& octets, std::uint16_t where)) {
  const std::size_t cut = octets.empty() ? 0 : where % octets.size() & ~std::size_t{1};
  const OctetView all(octets);
  RC_ASSERT(OnesComplementSum().add(all.first(cut)).add(all.subspan(cut)).folded() ==
            OnesComplementSum().add(all).folded());
}

RC_GTEST_PROP(Checksum, RepairIsTheSameAsComputingAnew, (std::uint16_t other)) {
  const auto before = *rc::gen::container<Octets>(8, rc::gen::arbitrary<std::uint8_t>());
  const auto after = *rc::gen::container<Octets>(8, rc::gen::arbitrary<std::uint8_t>());
  const std::uint16_t old_checksum = OnesComplementSum().add(before).add(other).checksum();
  const std::uint16_t new_checksum = OnesComplementSum().add(after).add(other).checksum();
  RC_ASSERT(same(updated_checksum(old_checksum, before, after), new_checksum));
}

}  // namespace
}  // namespace mpsec::wire
