// The mechanism itself, on structs made for the purpose: every word of schema.hpp.
#include "wire/codec.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "wire/in_place.hpp"
#include "wire/visit.hpp"

namespace mpsec::wire {
namespace {

enum class Colour : std::uint8_t { red = 1, blue = 2 };

struct Pair {
  static constexpr std::string_view name = "Pair", clause = "RFC 0 2";
  std::uint8_t size = 0;
  Octets value;
  std::size_t value_octets() const { return size; }
  bool operator==(const Pair&) const = default;
  static constexpr auto wire =
      Entries{field<&Pair::size>("Size"), octets<&Pair::value>("Value", &Pair::value_octets)};
};

struct Everything {
  static constexpr std::string_view name = "Everything", clause = "RFC 0 1";
  Colour colour = Colour::red;
  Spi spi;
  std::uint64_t wide = 0;
  std::array<std::uint8_t, 3> three{};
  std::uint8_t high = 0;
  std::uint64_t low = 0;
  Pair pair;
  std::uint8_t count = 0;
  std::vector<Pair> counted;
  std::uint16_t short_form = 0;
  std::uint32_t long_form = 0;
  std::vector<Pair> rest;
  std::size_t counted_octets() const { return count; }
  bool is_red() const { return colour == Colour::red; }
  bool operator==(const Everything&) const = default;
  static constexpr auto wire =
      Entries{field<&Everything::colour>("Colour"),
              field<&Everything::spi>("SPI"),
              field<&Everything::wide>("Wide"),
              field<&Everything::three>("Three"),
              bits<std::uint64_t>(bit<4, &Everything::high>("High"), bit<60, &Everything::low>("Low")),
              nested<&Everything::pair>("Pair"),
              field<&Everything::count>("Count"),
              list<&Everything::counted>("Counted", &Everything::counted_octets),
              one_of(when(&Everything::is_red, field<&Everything::short_form>("Short Form")),
                     field<&Everything::long_form>("Long Form")),
              rest_list<&Everything::rest>("Rest")};
};

const Octets sample =
    hex("01 00000100 0102030405060708 aabbcc f123456789abcdef 02beef 04 0111 0122 1234 00 0133");

TEST(Codec, ReadsEveryKindOfEntry) {
  const auto all = decode<Everything>(sample);
  ASSERT_TRUE(all) << to_string(all.error());
  EXPECT_EQ(all->colour, Colour::red);
  EXPECT_EQ(all->spi, Spi(256));
  EXPECT_EQ(all->wide, 0x0102030405060708u);
  EXPECT_EQ(all->high, 0xf);
  EXPECT_EQ(all->low, 0x123456789abcdefu);
  EXPECT_EQ(all->pair.value, hex("beef"));
  EXPECT_EQ(all->counted.size(), 2u);
  EXPECT_EQ(all->short_form, 0x1234);
  EXPECT_EQ(all->rest.size(), 2u);
  EXPECT_EQ(encode(*all), sample);
}

TEST(Codec, KeepsAnEnumerationsUnknownValue) {
  Octets octets = sample;
  octets[0] = 77;
  octets.insert(octets.end() - 5, {0, 0});
  const auto all = decode<Everything>(octets);
  ASSERT_TRUE(all) << to_string(all.error());
  EXPECT_EQ(static_cast<int>(all->colour), 77);
  EXPECT_EQ(encode(*all), octets);
}

TEST(Codec, CutsANumberToItsBits) {
  Everything all;
  all.high = 0xff;
  EXPECT_EQ(encode(all)[16], 0xf0);
}

TEST(Codec, NamesTheWayToTheError) {
  const auto way = [](std::size_t size) {
    return to_string(decode<Everything>(OctetView(sample).first(size)).error());
  };
  EXPECT_EQ(way(0), "Everything/Colour @ 0x0: need 1 octet, have 0 (RFC 0 1)");
  EXPECT_EQ(way(20), "Everything/High @ 0x10: need 8 octets, have 4 (RFC 0 1)");
  EXPECT_EQ(way(26), "Everything/Pair/Value @ 0x19: need 2 octets, have 1 (RFC 0 2)");
  EXPECT_EQ(way(30), "Everything/Counted @ 0x1c: need 4 octets, have 2 (RFC 0 1)");
  EXPECT_EQ(way(33), "Everything/Short Form @ 0x20: need 2 octets, have 1 (RFC 0 1)");
  EXPECT_EQ(way(36), "Everything/Rest[1]/Value @ 0x24: need 1 octet, have 0 (RFC 0 2)");
}

TEST(Codec, AnElementStaysInItsList) {
  Octets octets = sample;
  octets[30] = 2;  // the size of Counted[1], which has but one octet left in its list
  EXPECT_EQ(to_string(decode<Everything>(octets).error()),
            "Everything/Counted[1]/Value @ 0x1f: need 2 octets, have 1 (RFC 0 2)");
}

struct Nothing {
  static constexpr std::string_view name = "Nothing", clause = "RFC 0 3";
  Octets never;
  std::size_t never_octets() const { return 0; }
  static constexpr auto wire = Entries{octets<&Nothing::never>("Never", &Nothing::never_octets)};
};
struct Endless {
  static constexpr std::string_view name = "Endless", clause = "RFC 0 4";
  std::vector<Nothing> list;
  static constexpr auto wire = Entries{rest_list<&Endless::list>("List")};
};

TEST(Codec, RefusesAListWhoseElementsTakeNothing) {
  EXPECT_TRUE(decode<Endless>({}));
  EXPECT_EQ(to_string(decode<Endless>(hex("00")).error()),
            "Endless/List[0] @ 0x0: an element of zero octets would never end (RFC 0 4)");
}

TEST(Codec, CountsOffsetsFromTheBase) {
  EXPECT_EQ(decode<Pair>(hex("02 11"), 0x40).error().offset, 0x41u);
}

TEST(InPlace, ReachesWhatHasAFixedPlace) {
  static_assert(offset_of<&Everything::low> == 16);
  Octets octets = sample;
  EXPECT_EQ(load<&Everything::colour>(octets.data()), Colour::red);
  EXPECT_EQ(load<&Everything::spi>(octets.data()), Spi(256));
  EXPECT_EQ(load<&Everything::low>(octets.data()), 0x123456789abcdefu);
  EXPECT_EQ(load<&Everything::three>(octets.data())[2], 0xcc);
  store<&Everything::high>(octets.data(), 2);
  store<&Everything::wide>(octets.data(), ~std::uint64_t{0});
  store<&Everything::three>(octets.data(), {1, 2, 3});
  const auto all = decode<Everything>(octets);
  ASSERT_TRUE(all);
  EXPECT_EQ(all->high, 2);
  EXPECT_EQ(all->low, 0x123456789abcdefu);
  EXPECT_EQ(all->wide, ~std::uint64_t{0});
  EXPECT_EQ(all->three[0], 1);
}

TEST(Dump, IndentsWhatIsNested) {
  Pair pair{.size = 2, .value = hex("beef")};
  EXPECT_EQ(dump(pair), "Pair\n  Size: 0x02\n  Value: 2 octets beef\n");
  const std::string all = dump(*decode<Everything>(sample));
  EXPECT_TRUE(all.contains("  Pair\n    Size: 0x02\n"));
  EXPECT_TRUE(all.contains("  Counted[1]\n    Size: 0x01\n"));
  EXPECT_TRUE(all.contains("  Short Form: 0x1234 (4660)\n"));
  EXPECT_FALSE(all.contains("Long Form"));
}

RC_GTEST_PROP(Codec, WhatIsEncodedDecodesToItself, (std::uint64_t wide, const std::vector<Octets>& values)) {
  Everything all;
  all.wide = wide;
  for (const Octets& value : values) {
    Pair pair{.size = static_cast<std::uint8_t>(std::min<std::size_t>(value.size(), 255)), .value = value};
    pair.value.resize(pair.size);
    all.rest.push_back(pair);
  }
  const auto decoded = decode<Everything>(encode(all));
  RC_ASSERT(decoded.has_value());
  RC_ASSERT(*decoded == all);
}

}  // namespace
}  // namespace mpsec::wire
