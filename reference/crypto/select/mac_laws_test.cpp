// The laws of integrity algorithms.
#include "crypto/select/laws.hpp"

namespace mpsec::crypto::laws {
namespace {

struct Message {
  Octets text;
  Octets trailer;
  Octets iv;
  Octets icv;
  bool authentic = false;

  bool operator==(const Message&) const = default;
};

MacJob job_over(Message& message) {
  return {
      .text = message.text, .trailer = message.trailer, .icv = message.icv.data(), .iv = message.iv.data()};
}

std::vector<Message> some_messages(const Mac& mac) {
  std::vector<Message> messages(some_batch());
  for (Message& message : messages)
    message = {.text = some(some_length(2100)),
               .trailer = some(*rc::gen::element<std::size_t>(0, 4, 8)),
               .iv = some(mac.iv_octets()),
               .icv = Octets(mac.icv_octets())};
  return messages;
}

void sign(Mac& mac, std::vector<Message>& messages) {
  run_batch<MacJob>(messages, [&](std::span<MacJob> jobs) { mac.sign(jobs); });
}

void verify(Mac& mac, std::vector<Message>& messages) {
  run_batch<MacJob>(messages, [&](std::span<MacJob> jobs) { mac.verify(jobs); });
}

class MacLaws : public ProviderLaws {
 protected:
  static bool wanted(const IntegrityTransform& transform) { return transform.supported; }
  static std::unique_ptr<Mac> keyed(const IntegrityTransform& transform, OctetView key) {
    return provider().mac(transform, key).value();
  }
  static void for_all(auto law) { ProviderLaws::for_all(integrity_transforms(), wanted, law); }
  static void for_each(auto law) { ProviderLaws::for_each(integrity_transforms(), wanted, law); }
};
INSTANTIATE_TEST_SUITE_P(All, MacLaws, each_provider(), provider_name);

TEST_P(MacLaws, WhatWasSignedVerifiesAndAnyFlippedBitDoesNot) {
  for_all([](const IntegrityTransform& transform) {
    const auto mac = keyed(transform, some_key(transform));
    std::vector<Message> messages = some_messages(*mac);
    sign(*mac, messages);
    verify(*mac, messages);
    for (const Message& message : messages)
      RC_ASSERT(message.authentic);

    Message& victim = messages[*rc::gen::inRange<std::size_t>(0, messages.size())];
    flip_one_bit({&victim.text, &victim.trailer, &victim.iv, &victim.icv});
    verify(*mac, messages);
    for (const Message& message : messages)
      RC_ASSERT(message.authentic == (&message != &victim));
  });
}

TEST_P(MacLaws, TextAndTrailerAreOneRunOfOctets) {
  for_all([](const IntegrityTransform& transform) {
    const auto mac = keyed(transform, some_key(transform));
    std::vector<Message> apart = some_messages(*mac);
    std::vector<Message> joined = apart;
    for (Message& message : joined)
      append(message.text, std::exchange(message.trailer, {}));
    sign(*mac, apart);
    sign(*mac, joined);
    for (std::size_t i = 0; i < apart.size(); ++i)
      RC_ASSERT(apart[i].icv == joined[i].icv);
  });
}

TEST_P(MacLaws, ABatchIsItsSinglesAndLeavesTheTextAlone) {
  for_all([](const IntegrityTransform& transform) {
    const auto mac = keyed(transform, some_key(transform));
    const std::vector<Message> before = some_messages(*mac);
    std::vector<Message> batch = before;
    sign(*mac, batch);
    for (std::size_t i = 0; i < batch.size(); ++i) {
      std::vector<Message> one = {before[i]};
      sign(*mac, one);
      RC_ASSERT(one.front() == batch[i]);
      RC_ASSERT(batch[i].text == before[i].text);
    }
  });
}

TEST_P(MacLaws, AgreesWithTheArbiterAndWithItsClone) {
  for_all([](const IntegrityTransform& transform) {
    const Octets key = some_key(transform);
    const auto ours = keyed(transform, key);
    const std::vector<Message> unsigned_messages = some_messages(*ours);
    std::vector<Message> messages = unsigned_messages;
    sign(*ours, messages);
    std::vector<Message> by_clone = unsigned_messages;
    sign(*ours->clone(), by_clone);
    RC_ASSERT(by_clone == messages);
    std::vector<Message> there = unsigned_messages;
    sign(*arbiter(provider()).mac(transform, key).value(), there);
    RC_ASSERT(there == messages);
  });
}

TEST_P(MacLaws, HasTheSizesOfTheRegistryAndRefusesOtherKeySizes) {
  for_each([](const IntegrityTransform& transform) {
    const auto mac = keyed(transform, Octets(transform.key_octets + transform.salt_octets));
    EXPECT_EQ(mac->icv_octets(), transform.icv_octets);
    EXPECT_EQ(mac->iv_octets(), transform.iv_octets);
    const auto refused = provider().mac(transform, Octets(15));
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error(), check_mac(transform, Octets(15)).error());
  });
}

}  // namespace
}  // namespace mpsec::crypto::laws
