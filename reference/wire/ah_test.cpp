#include "wire/ah.hpp"

#include <gtest/gtest.h>

#include "wire/codec.hpp"
#include "wire/in_place.hpp"

namespace mpsec::wire {
namespace {

const Octets plain = hex("04 04 0000 00000100 00000001 0102030405060708090a0b0c");

TEST(Ah, DecodesEveryField) {
  const auto ah = decode<Ah>(plain);
  ASSERT_TRUE(ah) << to_string(ah.error());
  EXPECT_EQ(ah->next_header, 4);
  EXPECT_EQ(ah->spi, Spi(256));
  EXPECT_EQ(ah->sequence_number, 1u);
  EXPECT_EQ(ah->icv.size(), 12u);
  EXPECT_EQ(encode(*ah), plain);
}

TEST(Ah, MayHaveAnEmptyIcv) {
  EXPECT_TRUE(decode<Ah>(hex("04 01 0000 00000100 00000001"))->icv.empty());
}

TEST(Ah, RefusesALengthBelowItsFixedPart) {
  EXPECT_EQ(to_string(decode<Ah>(hex("04 00 0000 00000100 00000001")).error()),
            "AH/Payload Len @ 0x1: 12 octets are fixed: need at least 1, found 0 (RFC 4302 2)");
}

TEST(Ah, RefusesALengthThatLies) {
  //= rfc4302/2.2/length-in-words-less-two
  Octets octets = plain;
  octets[1] = 5;
  EXPECT_EQ(to_string(decode<Ah>(octets).error()), "AH/ICV @ 0xc: need 16 octets, have 12 (RFC 4302 2)");
  octets[1] = 3;
  EXPECT_EQ(to_string(decode<Ah>(octets).error()), "AH @ 0x14: 4 octets left over (RFC 4302 2)");
}

TEST(Ah, SpiAndSequenceNumberLieWhereTheDeclarationSays) {
  static_assert(offset_of<&Ah::spi> == 4);
  static_assert(end_of<&Ah::sequence_number> == Ah::fixed_size);
  EXPECT_EQ(load<&Ah::spi>(plain.data()), Spi(256));
}

}  // namespace
}  // namespace mpsec::wire
