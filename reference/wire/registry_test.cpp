// What must hold for every header of the registry, tried on its samples.
#include "wire/registry.hpp"

#include <algorithm>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "wire/codec.hpp"
#include "wire/samples_test.hpp"
#include "wire/visit.hpp"

namespace mpsec::wire {
namespace {

template <class Entry>
constexpr bool takes_rest = false;
template <auto Member>
constexpr bool takes_rest<RestOctets<Member>> = true;
template <auto Member>
constexpr bool takes_rest<RestList<Member>> = true;
// Whether the header goes on to the end of what it is given, so that cutting it short may go unseen.
template <class... Entries>
constexpr bool is_open(const std::tuple<Entries...>&) {
  return (takes_rest<Entries> || ...);
}

// Calls see.operator()<Header>(sample) for every sample of every header.
template <class See>
void for_each_sample(See see) {
  Registry::for_each([&]<class Line>() {
    using Header = typename Line::header;
    const auto samples = samples_of(file_name(Header::name));
    ASSERT_FALSE(samples.empty()) << Header::name << " has no samples in vectors/wire/samples";
    for (const Sample& sample : samples) {
      SCOPED_TRACE(std::string(Header::name) + ": " + sample.what);
      see.template operator()<Header>(sample.octets);
    }
  });
}

TEST(Registry, EverySampleDecodesAndEncodesToItself) {
  for_each_sample([]<class Header>(const Octets& sample) {
    const auto header = decode<Header>(sample);
    ASSERT_TRUE(header) << to_string(header.error());
    EXPECT_EQ(encode(*header), sample);
    EXPECT_EQ(decode<Header>(encode(*header)), header);
  });
}

TEST(Registry, EveryTruncationOfASampleIsAnErrorWithPathOffsetAndClause) {
  for_each_sample([]<class Header>(const Octets& sample) {
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
      EXPECT_TRUE(error.path.starts_with(std::string(Header::name) + "/")) << error.path;
      ASSERT_TRUE(error.offset);
      EXPECT_LE(*error.offset, size);
      EXPECT_TRUE(error.why.contains("need") && error.why.contains("have")) << error.why;
      EXPECT_FALSE(error.clause.empty());
    }
  });
}

TEST(Registry, NothingMayBeLeftOver) {
  for_each_sample([]<class Header>(const Octets& sample) {
    Octets longer = sample;
    longer.push_back(0);
    const auto header = decode<Header>(longer);
    if (is_open(Header::wire)) return;
    ASSERT_FALSE(header);
    EXPECT_EQ(header.error().why, "1 octet left over");
  });
}

// Counts what a visitor is shown.
struct Counter final : FieldVisitor {
  void number(std::string_view, unsigned bits, std::uint64_t&) override { total_bits += bits; }
  void octets(std::string_view, Octets& value) override { total_bits += value.size() * 8; }
  void fixed_octets(std::string_view, MutableOctets value) override { total_bits += value.size() * 8; }
  void enter(std::string_view, std::optional<std::size_t>) override {}
  void leave() override {}
  std::size_t total_bits = 0;
};

TEST(Registry, AVisitorSeesEveryBit) {
  for_each_sample([]<class Header>(const Octets& sample) {
    auto header = decode<Header>(sample);
    ASSERT_TRUE(header);
    Counter counter;
    visit(*header, counter);
    EXPECT_EQ(counter.total_bits, sample.size() * 8);
    EXPECT_EQ(encode(*header), sample) << "a visitor that changes nothing changes nothing";
    EXPECT_TRUE(dump(*header).starts_with(std::string(Header::name) + "\n  "));
  });
}

TEST(Registry, NumbersAreUnlikeEachOther) {
  std::vector<int> numbers;
  Registry::for_each([&]<class Line>() {
    if (Line::number != not_named) numbers.push_back(Line::number);
  });
  std::ranges::sort(numbers);
  EXPECT_EQ(std::ranges::adjacent_find(numbers), numbers.end());
}

RC_GTEST_PROP(Registry, WhateverParsesEncodesToItself, ()) {
  Registry::for_each([]<class Line>() {
    using Header = typename Line::header;
    const auto samples = samples_of(file_name(Header::name));
    Octets octets = (*rc::gen::elementOf(samples)).octets;
    // A sample with a few octets changed, and cut or made longer, parses often enough.
    for (const auto& [where, value] :
         *rc::gen::arbitrary<std::vector<std::pair<std::uint16_t, std::uint8_t>>>())
      octets[where % octets.size()] = value;
    octets.resize(*rc::gen::inRange<std::size_t>(0, octets.size() + 9), 0x2a);
    const auto header = decode<Header>(octets);
    if (header) RC_ASSERT(encode(*header) == octets);
    if (!header) RC_ASSERT(!header.error().path.empty() && header.error().offset.has_value());
  });
}

}  // namespace
}  // namespace mpsec::wire
