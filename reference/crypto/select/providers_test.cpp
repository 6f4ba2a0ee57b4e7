// The laws every provider keeps, tried on each provider of this machine and each of its algorithms; and the
// agreement of each with every other.
#include <algorithm>
#include <gtest/gtest.h>
#include <memory>
#include <rapidcheck/gtest.h>

#include "crypto/provider.hpp"
#include "crypto/select/select_provider.hpp"

namespace mpsec::crypto {
namespace {

const std::vector<std::unique_ptr<Provider>>& providers() {
  static const std::vector<std::unique_ptr<Provider>> all = available_providers();
  return all;
}

Octets some(std::size_t octets) {
  return *rc::gen::container<Octets>(octets, rc::gen::arbitrary<std::uint8_t>());
}

// Lengths a datagram has, with the edges of blocks and batches of blocks well represented.
std::size_t some_length(std::size_t limit) {
  return *rc::gen::oneOf(rc::gen::inRange<std::size_t>(0, 80), rc::gen::inRange<std::size_t>(0, limit),
                         rc::gen::map(rc::gen::inRange<std::size_t>(0, limit / 64),
                                      [](std::size_t blocks) { return blocks * 64; }));
}

// A packet to be, with its own memory, so that jobs can be made again over fresh copies.
struct Packet {
  Octets nonce;
  Octets associated;
  Octets text;
  Octets icv;
  bool authentic = false;

  bool operator==(const Packet&) const = default;
};

AeadJob job_over(Packet& packet) {
  return {.nonce = packet.nonce.data(),
          .associated = packet.associated,
          .text = packet.text,
          .icv = packet.icv.data()};
}

template <class Job, class Packets, class Call>
void run_batch(Packets& packets, Call call) {
  std::vector<Job> jobs;
  for (auto& packet : packets)
    jobs.push_back(job_over(packet));
  call(jobs);
  for (std::size_t i = 0; i < jobs.size(); ++i)
    packets[i].authentic = jobs[i].authentic;
}

void seal(Aead& aead, std::vector<Packet>& packets) {
  run_batch<AeadJob>(packets, [&](std::span<AeadJob> jobs) { aead.seal(jobs); });
}

void open(Aead& aead, std::vector<Packet>& packets) {
  run_batch<AeadJob>(packets, [&](std::span<AeadJob> jobs) { aead.open(jobs); });
}

Packet some_packet(const Aead& aead) {
  const std::size_t associated = *rc::gen::element<std::size_t>(8, 12, 8, 12, 0, 20, 46);
  return {.nonce = some(aead.nonce_octets()),
          .associated = some(associated),
          .text = some(some_length(2100)),
          .icv = Octets(aead.icv_octets())};
}

std::vector<Packet> some_packets(const Aead& aead) {
  std::vector<Packet> packets(*rc::gen::inRange<std::size_t>(1, 41));
  for (Packet& packet : packets)
    packet = some_packet(aead);
  return packets;
}

Octets some_key(const EncryptionTransform& transform) {
  return some(
      *rc::gen::elementOf(std::vector<std::uint8_t>(transform.key_sizes.begin(), transform.key_sizes.end())));
}

// Every (provider, transform) that goes together.
template <class Transform>
struct Pairing {
  const Provider* provider;
  const Transform* transform;
};

template <class Transform>
std::string pairing_name(const testing::TestParamInfo<Pairing<Transform>>& info) {
  std::string name = std::string(info.param.provider->name()) + "_" + std::string(info.param.transform->name);
  std::ranges::replace(name, '-', '_');
  return name;
}

template <class Transform>
std::vector<Pairing<Transform>> pairings(std::span<const Transform> transforms, auto wanted) {
  std::vector<Pairing<Transform>> all;
  for (const auto& provider : providers())
    for (const Transform& transform : transforms)
      if (wanted(transform) && provider->supports(transform)) all.push_back({provider.get(), &transform});
  return all;
}

class AeadLaws : public testing::TestWithParam<Pairing<EncryptionTransform>> {
 protected:
  static const EncryptionTransform& transform() { return *GetParam().transform; }
  static std::unique_ptr<Aead> keyed(OctetView key) {
    return GetParam().provider->aead(transform(), key).value();
  }
};
INSTANTIATE_TEST_SUITE_P(All, AeadLaws,
                         testing::ValuesIn(pairings(encryption_transforms(),
                                                    [](const auto& transform) {
                                                      return transform.combined();
                                                    })),
                         pairing_name<EncryptionTransform>);

TEST_P(AeadLaws, OpenUndoesSeal) {
  EXPECT_TRUE(rc::check([] {
    const auto aead = keyed(some_key(transform()));
    const std::vector<Packet> plain = some_packets(*aead);
    std::vector<Packet> packets = plain;
    seal(*aead, packets);
    open(*aead, packets);
    for (std::size_t i = 0; i < plain.size(); ++i) {
      RC_ASSERT(packets[i].authentic);
      RC_ASSERT(packets[i].text == plain[i].text);
    }
  }));
}

TEST_P(AeadLaws, AnyFlippedBitIsNotAuthentic) {
  EXPECT_TRUE(rc::check([] {
    const auto aead = keyed(some_key(transform()));
    std::vector<Packet> packets = some_packets(*aead);
    seal(*aead, packets);
    const auto victim = *rc::gen::inRange<std::size_t>(0, packets.size());
    std::vector<Octets*> parts;
    for (Octets* part :
         {&packets[victim].nonce, &packets[victim].associated, &packets[victim].text, &packets[victim].icv})
      if (!part->empty()) parts.push_back(part);
    Octets& part = **rc::gen::elementOf(parts);
    part[*rc::gen::inRange<std::size_t>(0, part.size())] ^=
        static_cast<std::uint8_t>(1u << *rc::gen::inRange(0, 8));
    open(*aead, packets);
    for (std::size_t i = 0; i < packets.size(); ++i)
      RC_ASSERT(packets[i].authentic == (i != victim));
  }));
}

TEST_P(AeadLaws, ABatchIsItsSingles) {
  EXPECT_TRUE(rc::check([] {
    const auto aead = keyed(some_key(transform()));
    std::vector<Packet> batch = some_packets(*aead);
    std::vector<Packet> singles = batch;
    seal(*aead, batch);
    for (Packet& packet : singles) {
      std::vector<Packet> one = {packet};
      seal(*aead, one);
      packet = one.front();
    }
    RC_ASSERT(batch == singles);
  }));
}

TEST_P(AeadLaws, ACloneIsTheSameAndOutlivesItsOriginal) {
  EXPECT_TRUE(rc::check([] {
    auto original = keyed(some_key(transform()));
    std::vector<Packet> by_original = some_packets(*original);
    std::vector<Packet> by_clone = by_original;
    seal(*original, by_original);
    const auto copy = original->clone();
    original.reset();
    seal(*copy, by_clone);
    RC_ASSERT(by_original == by_clone);
  }));
}

TEST_P(AeadLaws, AgreesWithEveryOtherProvider) {
  EXPECT_TRUE(rc::check([] {
    const Octets key = some_key(transform());
    const auto ours = keyed(key);
    const std::vector<Packet> plain = some_packets(*ours);
    std::vector<Packet> sealed = plain;
    seal(*ours, sealed);
    for (const auto& provider : providers()) {
      if (!provider->supports(transform())) continue;
      const auto theirs = provider->aead(transform(), key).value();
      std::vector<Packet> sealed_there = plain;
      seal(*theirs, sealed_there);
      RC_ASSERT(sealed_there == sealed);
      open(*theirs, sealed_there);
      for (std::size_t i = 0; i < plain.size(); ++i)
        RC_ASSERT(sealed_there[i].authentic && sealed_there[i].text == plain[i].text);
    }
  }));
}

TEST_P(AeadLaws, HasTheSizesOfTheRegistry) {
  const auto aead = keyed(Octets(transform().key_sizes[0]));
  EXPECT_EQ(aead->nonce_octets(), transform().salt_octets + transform().iv_octets);
  EXPECT_EQ(aead->icv_octets(), transform().icv_octets);
}

TEST_P(AeadLaws, RefusesOtherKeySizes) {
  const auto refused = GetParam().provider->aead(transform(), Octets(33));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error(), check_aead(transform(), Octets(33)).error());
}

// ---- encryption without integrity

struct Segment {
  Octets iv;
  Octets text;

  bool operator==(const Segment&) const = default;
};

std::vector<Segment> some_segments(const EncryptionTransform& transform, const Cipher& cipher) {
  std::vector<Segment> segments(*rc::gen::inRange<std::size_t>(1, 41));
  for (Segment& segment : segments)
    segment = {.iv = some(cipher.iv_octets()),
               .text = some(some_length(2100) / transform.block_octets * transform.block_octets)};
  return segments;
}

void apply(std::vector<Segment>& segments, auto call) {
  std::vector<CipherJob> jobs;
  for (Segment& segment : segments)
    jobs.push_back({.iv = segment.iv.data(), .text = segment.text});
  call(std::span<CipherJob>(jobs));
}

void encrypt(Cipher& cipher, std::vector<Segment>& segments) {
  apply(segments, [&](std::span<CipherJob> jobs) { cipher.encrypt(jobs); });
}

void decrypt(Cipher& cipher, std::vector<Segment>& segments) {
  apply(segments, [&](std::span<CipherJob> jobs) { cipher.decrypt(jobs); });
}

class CipherLaws : public testing::TestWithParam<Pairing<EncryptionTransform>> {
 protected:
  static const EncryptionTransform& transform() { return *GetParam().transform; }
  static std::unique_ptr<Cipher> keyed(OctetView key) {
    return GetParam().provider->cipher(transform(), key).value();
  }
};
INSTANTIATE_TEST_SUITE_P(All, CipherLaws,
                         testing::ValuesIn(pairings(encryption_transforms(),
                                                    [](const auto& transform) {
                                                      return !transform.combined();
                                                    })),
                         pairing_name<EncryptionTransform>);

TEST_P(CipherLaws, DecryptUndoesEncrypt) {
  EXPECT_TRUE(rc::check([] {
    const auto cipher = keyed(some_key(transform()));
    const std::vector<Segment> plain = some_segments(transform(), *cipher);
    std::vector<Segment> segments = plain;
    encrypt(*cipher, segments);
    decrypt(*cipher, segments);
    RC_ASSERT(segments == plain);
  }));
}

TEST_P(CipherLaws, ABatchIsItsSingles) {
  EXPECT_TRUE(rc::check([] {
    const auto cipher = keyed(some_key(transform()));
    std::vector<Segment> batch = some_segments(transform(), *cipher);
    std::vector<Segment> singles = batch;
    encrypt(*cipher, batch);
    for (Segment& segment : singles) {
      CipherJob job{.iv = segment.iv.data(), .text = segment.text};
      cipher->encrypt({&job, 1});
    }
    RC_ASSERT(batch == singles);
    decrypt(*cipher, batch);
    for (Segment& segment : singles) {
      CipherJob job{.iv = segment.iv.data(), .text = segment.text};
      cipher->decrypt({&job, 1});
    }
    RC_ASSERT(batch == singles);
  }));
}

TEST_P(CipherLaws, AgreesWithEveryOtherProviderAndWithItsClone) {
  EXPECT_TRUE(rc::check([] {
    const Octets key = some_key(transform());
    const auto ours = keyed(key);
    const std::vector<Segment> plain = some_segments(transform(), *ours);
    std::vector<Segment> encrypted = plain;
    encrypt(*ours, encrypted);
    std::vector<Segment> by_clone = plain;
    encrypt(*ours->clone(), by_clone);
    RC_ASSERT(by_clone == encrypted);
    for (const auto& provider : providers()) {
      if (!provider->supports(transform())) continue;
      std::vector<Segment> there = plain;
      encrypt(*provider->cipher(transform(), key).value(), there);
      RC_ASSERT(there == encrypted);
    }
  }));
}

TEST_P(CipherLaws, RefusesOtherKeySizes) {
  const auto refused = GetParam().provider->cipher(transform(), Octets(33));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error(), check_cipher(transform(), Octets(33)).error());
}

// ---- integrity

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
  std::vector<Message> messages(*rc::gen::inRange<std::size_t>(1, 41));
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

class MacLaws : public testing::TestWithParam<Pairing<IntegrityTransform>> {
 protected:
  static const IntegrityTransform& transform() { return *GetParam().transform; }
  static Octets some_key() { return some(transform().key_octets + transform().salt_octets); }
  static std::unique_ptr<Mac> keyed(OctetView key) {
    return GetParam().provider->mac(transform(), key).value();
  }
};
INSTANTIATE_TEST_SUITE_P(All, MacLaws,
                         testing::ValuesIn(pairings(integrity_transforms(),
                                                    [](const auto&) { return true; })),
                         pairing_name<IntegrityTransform>);

TEST_P(MacLaws, WhatWasSignedVerifiesAndAnyFlippedBitDoesNot) {
  EXPECT_TRUE(rc::check([] {
    const auto mac = keyed(some_key());
    std::vector<Message> messages = some_messages(*mac);
    sign(*mac, messages);
    verify(*mac, messages);
    for (const Message& message : messages)
      RC_ASSERT(message.authentic);

    Message& victim = messages[*rc::gen::inRange<std::size_t>(0, messages.size())];
    std::vector<Octets*> parts;
    for (Octets* part : {&victim.text, &victim.trailer, &victim.iv, &victim.icv})
      if (!part->empty()) parts.push_back(part);
    Octets& part = **rc::gen::elementOf(parts);
    part[*rc::gen::inRange<std::size_t>(0, part.size())] ^=
        static_cast<std::uint8_t>(1u << *rc::gen::inRange(0, 8));
    verify(*mac, messages);
    for (const Message& message : messages)
      RC_ASSERT(message.authentic == (&message != &victim));
  }));
}

TEST_P(MacLaws, TextAndTrailerAreOneRunOfOctets) {
  EXPECT_TRUE(rc::check([] {
    const auto mac = keyed(some_key());
    std::vector<Message> apart = some_messages(*mac);
    std::vector<Message> joined = apart;
    for (Message& message : joined)
      append(message.text, std::exchange(message.trailer, {}));
    sign(*mac, apart);
    sign(*mac, joined);
    for (std::size_t i = 0; i < apart.size(); ++i)
      RC_ASSERT(apart[i].icv == joined[i].icv);
  }));
}

TEST_P(MacLaws, ABatchIsItsSinglesAndLeavesTheTextAlone) {
  EXPECT_TRUE(rc::check([] {
    const auto mac = keyed(some_key());
    const std::vector<Message> before = some_messages(*mac);
    std::vector<Message> batch = before;
    sign(*mac, batch);
    for (std::size_t i = 0; i < batch.size(); ++i) {
      std::vector<Message> one = {before[i]};
      sign(*mac, one);
      RC_ASSERT(one.front() == batch[i]);
      RC_ASSERT(batch[i].text == before[i].text);
    }
  }));
}

TEST_P(MacLaws, AgreesWithEveryOtherProviderAndWithItsClone) {
  EXPECT_TRUE(rc::check([] {
    const Octets key = some_key();
    const auto ours = keyed(key);
    const std::vector<Message> unsigned_messages = some_messages(*ours);
    std::vector<Message> messages = unsigned_messages;
    sign(*ours, messages);
    std::vector<Message> by_clone = unsigned_messages;
    sign(*ours->clone(), by_clone);
    RC_ASSERT(by_clone == messages);
    for (const auto& provider : providers()) {
      if (!provider->supports(transform())) continue;
      std::vector<Message> there = unsigned_messages;
      sign(*provider->mac(transform(), key).value(), there);
      RC_ASSERT(there == messages);
    }
  }));
}

TEST_P(MacLaws, HasTheSizesOfTheRegistryAndRefusesOtherKeySizes) {
  const auto mac = keyed(Octets(transform().key_octets + transform().salt_octets));
  EXPECT_EQ(mac->icv_octets(), transform().icv_octets);
  EXPECT_EQ(mac->iv_octets(), transform().iv_octets);
  const auto refused = GetParam().provider->mac(transform(), Octets(15));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error(), check_mac(transform(), Octets(15)).error());
}

}  // namespace
}  // namespace mpsec::crypto
