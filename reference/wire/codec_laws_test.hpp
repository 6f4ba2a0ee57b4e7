// The laws that hold for every declared struct, tried on octets of a sample.
#pragma once

#include <gtest/gtest.h>

#include "wire/codec.hpp"
#include "wire/visit.hpp"

namespace mpsec::wire {

template <class Entry>
inline constexpr bool takes_rest = false;
template <auto Member>
inline constexpr bool takes_rest<RestOctets<Member>> = true;
template <auto Member>
inline constexpr bool takes_rest<RestList<Member>> = true;
// A count that follows from how much there is.
template <auto Member, class Length>
inline constexpr bool takes_rest<CountedOctets<Member, Length>> =
    std::is_invocable_v<const Length&, const detail::OwnerOf<Member>&, std::size_t>;
template <class... All>
inline constexpr bool takes_rest<OneOf<All...>> = (takes_rest<All> || ...);
template <class Present, class Entry>
inline constexpr bool takes_rest<When<Present, Entry>> = takes_rest<Entry>;
// Whether the struct goes on to the end of what it is given, so that cutting it short may go unseen.
template <class... All>
constexpr bool is_open(const Entries<All...>&) {
  return (takes_rest<All> || ...);
}

template <class Header>
void expect_round_trip(const Octets& sample) {
  const auto header = decode<Header>(sample);
  ASSERT_TRUE(header) << to_string(header.error());
  EXPECT_EQ(encode(*header), sample);
  EXPECT_EQ(decode<Header>(encode(*header)), header);
}

// Every truncation is an error with path, offset and clause.
template <class Header>
void expect_truncations_refused(const Octets& sample) {
  for (std::size_t size = 0; size < sample.size(); ++size) {
    const OctetView cut = OctetView(sample).first(size);
    const auto header = decode<Header>(cut);
    if (header) {
      EXPECT_TRUE(is_open(Header::wire)) << size << " octets were taken for a whole header";
      EXPECT_TRUE(std::ranges::equal(encode(*header), cut));
      continue;
    }
    const Error& error = header.error();
    EXPECT_EQ(error.blame, Blame::malformed);
    EXPECT_TRUE(error.path.starts_with(std::string(Header::name))) << error.path;
    ASSERT_TRUE(error.offset);
    EXPECT_LE(*error.offset, size);
    EXPECT_TRUE(error.why.contains("need") || error.why.contains("left over")) << error.why;
    EXPECT_FALSE(error.clause.empty());
  }
}

template <class Header>
void expect_nothing_left_over(Octets sample) {
  sample.push_back(0);
  const auto header = decode<Header>(sample);
  if (is_open(Header::wire)) return;
  ASSERT_FALSE(header);
  EXPECT_EQ(header.error().why, "1 octet left over");
}

// Counts what a visitor is shown.
struct BitCounter final : FieldVisitor {
  void number(std::string_view, unsigned bits, std::uint64_t&) override { total_bits += bits; }
  void octets(std::string_view, Octets& value) override { total_bits += value.size() * 8; }
  void fixed_octets(std::string_view, MutableOctets value) override { total_bits += value.size() * 8; }
  void enter(std::string_view, std::optional<std::size_t>) override {}
  void leave() override {}
  std::size_t total_bits = 0;
};

template <class Header>
void expect_visitor_sees_every_bit(const Octets& sample) {
  auto header = decode<Header>(sample);
  ASSERT_TRUE(header);
  BitCounter counter;
  visit(*header, counter);
  EXPECT_EQ(counter.total_bits, sample.size() * 8);
  EXPECT_EQ(encode(*header), sample) << "a visitor that changes nothing changes nothing";
  EXPECT_TRUE(dump(*header).starts_with(std::string(Header::name) + "\n"));
}

// All of them.
template <class Header>
void expect_codec_laws(const Octets& sample) {
  expect_round_trip<Header>(sample);
  expect_truncations_refused<Header>(sample);
  expect_nothing_left_over<Header>(sample);
  expect_visitor_sees_every_bit<Header>(sample);
}

}  // namespace mpsec::wire
