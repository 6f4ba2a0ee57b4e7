#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "base/datagram.hpp"
#include "base/huge_pages.hpp"
#include "base/ip_address.hpp"
#include "base/octets.hpp"
#include "base/rng.hpp"
#include "base/secret.hpp"

namespace mpsec {
namespace {

RC_GTEST_PROP(Hex, RoundTripIsTheIdentity, (const Octets& octets)) {
  RC_ASSERT(hex(to_hex(octets)) == octets);
}

TEST(Hex, TakesSeparatorsPrefixAndEitherCase) {
  EXPECT_EQ(hex("0xDE ad:BE\nef"), (Octets{0xde, 0xad, 0xbe, 0xef}));
}

TEST(Hex, NamesThePlaceOfABadDigit) {
  const auto bad = from_hex("00g1");
  ASSERT_FALSE(bad);
  EXPECT_EQ(to_string(bad.error()), "hex @ 0x2: expected a hexadecimal digit, found 'g'");
}

TEST(Hex, RefusesHalfAnOctet) {
  EXPECT_FALSE(from_hex("abc"));
  EXPECT_FALSE(from_hex("a b"));
}

RC_GTEST_PROP(BigEndian, LoadUndoesStore, (std::uint64_t number)) {
  std::uint8_t octets[8];
  store_be(octets, number);
  RC_ASSERT(load_be<std::uint64_t>(octets) == number);
  RC_ASSERT(octets[0] == number >> 56);
}

TEST(IpAddress, ParsesAndPrintsBothFamilies) {
  EXPECT_EQ(to_string(ip("192.0.2.1")), "192.0.2.1");
  EXPECT_EQ(to_string(ip("2001:db8::1")), "2001:db8::1");
  EXPECT_FALSE(IpAddress::parse("192.0.2"));
  EXPECT_LT(ip("192.0.2.1"), ip("::"));
}

TEST(Endpoint, PrintsTheAddressApartFromThePort) {
  EXPECT_EQ(to_string(Endpoint{ip("192.0.2.1"), 500}), "192.0.2.1:500");
  EXPECT_EQ(to_string(Endpoint{ip("2001:db8::1"), 4500}), "[2001:db8::1]:4500");
  EXPECT_LT((Endpoint{ip("192.0.2.1"), 4500}), (Endpoint{ip("192.0.2.2"), 500}));
}

TEST(SeededRng, GivesTheSameOctetsForTheSameSeed) {
  SeededRng one(7), two(7), other(8);
  EXPECT_EQ(one.next_u64(), two.next_u64());
  EXPECT_NE(one.next_u64(), other.next_u64());
}

RC_GTEST_PROP(Rng, BelowStaysBelow, (std::uint64_t seed, std::uint64_t bound)) {
  RC_PRE(bound > 0);
  SeededRng rng(seed);
  RC_ASSERT(rng.below(bound) < bound);
}

TEST(SecretOctets, IsEmptyAfterAMove) {
  SecretOctets from(hex("0102"));
  const SecretOctets to = std::move(from);
  EXPECT_EQ(to.size(), 2u);
  EXPECT_TRUE(from.empty());  // NOLINT(bugprone-use-after-move): the moved-from state is what is tested
}

TEST(SecretOctets, WipeLeavesZeros) {
  Octets octets = hex("ffff");
  wipe(octets);
  EXPECT_EQ(octets, hex("0000"));
}

TEST(EqualInConstantTime, ComparesContentAndLength) {
  EXPECT_TRUE(equal_in_constant_time(hex("0102"), hex("0102")));
  EXPECT_FALSE(equal_in_constant_time(hex("0102"), hex("0103")));
  EXPECT_FALSE(equal_in_constant_time(hex("01"), hex("0101")));
}

TEST(HugePageVector, HoldsLittleAndMuch) {
  HugePageVector<std::uint64_t> numbers{1, 2, 3};
  numbers.resize(1 << 20, 7);
  EXPECT_EQ(numbers.front(), 1u);
  EXPECT_EQ(numbers.back(), 7u);
  EXPECT_EQ(reinterpret_cast<std::uintptr_t>(numbers.data()) % HugePageAllocator<std::uint64_t>::huge_page,
            0u);
  const HugePageVector<std::uint64_t> copy = numbers;
  numbers = {};
  EXPECT_EQ(copy[2], 3u);
}

}  // namespace
}  // namespace mpsec
