// What must hold for every payload and every notify's data, tried on their samples.
#include "wire/ike/registry.hpp"

#include <algorithm>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "wire/codec_laws_test.hpp"
#include "wire/ike/message.hpp"
#include "wire/ike/notify_data.hpp"
#include "wire/samples_test.hpp"

namespace mpsec::wire::ike {
namespace {

// The samples of a file whose title is `name`, or starts with it and a colon.
std::vector<Sample> samples_named(const std::string& file, std::string_view name) {
  std::vector<Sample> samples = samples_of("ike/" + file);
  std::erase_if(samples, [&](const Sample& sample) {
    return sample.what != name && !sample.what.starts_with(std::string(name) + ":");
  });
  return samples;
}

template <class Struct>
void expect_laws_of_samples(const std::string& file) {
  const auto samples = samples_named(file, Struct::name);
  ASSERT_FALSE(samples.empty()) << Struct::name << " has no sample in vectors/wire/samples/ike/" << file;
  for (const Sample& sample : samples) {
    SCOPED_TRACE(sample.what);
    expect_codec_laws<Struct>(sample.octets);
  }
}

TEST(IkeRegistry, TheCodecLawsHoldForEveryPayload) {
  Registry::for_each([]<class Line>() { expect_laws_of_samples<typename Line::body>("payloads"); });
}

TEST(IkeRegistry, TheCodecLawsHoldForEveryNotifysData) {
  NotifyRegistry::for_each([]<class Line>() { expect_laws_of_samples<typename Line::data>("notify_data"); });
}

TEST(IkeRegistry, PayloadTypesAreUnlikeEachOtherAndHaveTheBodysName) {
  std::vector<PayloadType> types;
  Registry::for_each([&]<class Line>() {
    types.push_back(Line::type);
    EXPECT_EQ(to_string(Line::type), Line::body::name);
    EXPECT_EQ(type_of(typename Line::body{}), Line::type);
  });
  std::ranges::sort(types);
  EXPECT_EQ(std::ranges::adjacent_find(types), types.end());
}

TEST(IkeRegistry, NotifyDataAreNamedAfterTheirTypes) {
  NotifyRegistry::for_each([]<class Line>() {
    EXPECT_TRUE(to_string(Line::type).starts_with(Line::data::name)) << Line::data::name;
    const auto samples = samples_named("notify_data", Line::data::name);
    const auto data = data_of<typename Line::data>(make_notify(Line::type, samples[0].octets));
    ASSERT_TRUE(data) << to_string(data.error());
    EXPECT_EQ(make_notify(Line::type, *data).data, samples[0].octets);
  });
}

template <class Number>
void expect_names_in_order() {
  const auto table = names<Number>();
  EXPECT_EQ(std::ranges::adjacent_find(table, std::ranges::greater_equal{}, &NumberName<Number>::number),
            table.end())
      << kind<Number>();
  for (const auto& line : table)
    EXPECT_EQ(to_string(line.number), line.name);
}

TEST(IkeRegistry, NamesAscendAndNumbersWithoutNameSayWhatTheyAre) {
  expect_names_in_order<ExchangeType>();
  expect_names_in_order<PayloadType>();
  expect_names_in_order<TransformType>();
  expect_names_in_order<NotifyType>();
  expect_names_in_order<IdType>();
  expect_names_in_order<CertificateEncoding>();
  expect_names_in_order<AuthenticationMethod>();
  expect_names_in_order<ConfigurationAttributeType>();
  expect_names_in_order<ClusterRefusal>();
  expect_names_in_order<ClusterField>();
  EXPECT_EQ(to_string(ExchangeType{99}), "exchange type 99");
  EXPECT_EQ(to_string(NotifyType{40960}), "notify message type 40960");
  EXPECT_EQ(transform_name(TransformType::encryption, 20), "ENCR_AES_GCM_16");
  EXPECT_EQ(transform_name(TransformType::pseudorandom_function, 5), "PRF_HMAC_SHA2_256");
  EXPECT_EQ(transform_name(TransformType::key_exchange, 31), "Curve25519");
  EXPECT_EQ(transform_name(TransformType::additional_key_exchange_7, 36), "ml-kem-768");
  EXPECT_EQ(transform_name(TransformType::sequence_numbers, 1), "Extended Sequence Numbers");
  EXPECT_EQ(transform_name(TransformType{77}, 20), "transform ID 20");
}

// A sample with a few octets changed, and cut or made longer, parses often enough.
Octets changed(Octets octets) {
  using Change = std::pair<std::uint16_t, std::uint8_t>;
  for (const auto& [where, value] : *rc::gen::arbitrary<std::vector<Change>>())
    if (!octets.empty()) octets[where % octets.size()] = value;
  octets.resize(*rc::gen::inRange<std::size_t>(0, octets.size() + 9), 0x2a);
  return octets;
}

RC_GTEST_PROP(IkeRegistry, WhateverParsesEncodesToItself, ()) {
  Registry::for_each([]<class Line>() {
    using Struct = typename Line::body;
    const Octets octets = changed((*rc::gen::elementOf(samples_named("payloads", Struct::name))).octets);
    const auto value = decode<Struct>(octets);
    if (value) RC_ASSERT(encode(*value) == octets);
    if (!value) RC_ASSERT(!value.error().path.empty() && value.error().offset.has_value());
  });
}

RC_GTEST_PROP(IkeRegistry, WhateverMessageParsesEncodesToItself, ()) {
  const Octets octets = changed((*rc::gen::elementOf(samples_of("ike/messages"))).octets);
  const auto message = decode_message(octets);
  if (message) RC_ASSERT(encode(*message) == octets);
  if (!message) RC_ASSERT(!message.error().path.empty() && message.error().offset.has_value());
}

}  // namespace
}  // namespace mpsec::wire::ike
