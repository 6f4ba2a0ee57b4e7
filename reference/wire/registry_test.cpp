// What must hold for every header of the registry, tried on its samples.
#include "wire/registry.hpp"

#include <algorithm>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "wire/codec_laws_test.hpp"
#include "wire/samples_test.hpp"

namespace mpsec::wire {
namespace {

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
  for_each_sample([]<class Header>(const Octets& sample) { expect_round_trip<Header>(sample); });
}

TEST(Registry, EveryTruncationOfASampleIsAnErrorWithPathOffsetAndClause) {
  for_each_sample([]<class Header>(const Octets& sample) { expect_truncations_refused<Header>(sample); });
}

TEST(Registry, NothingMayBeLeftOver) {
  for_each_sample([]<class Header>(const Octets& sample) { expect_nothing_left_over<Header>(sample); });
}

TEST(Registry, AVisitorSeesEveryBit) {
  for_each_sample([]<class Header>(const Octets& sample) { expect_visitor_sees_every_bit<Header>(sample); });
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
