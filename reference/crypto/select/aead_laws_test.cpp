// The laws of combined algorithms.
#include "crypto/select/laws.hpp"

namespace mpsec::crypto::laws {
namespace {

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
  std::vector<Packet> packets(some_batch());
  for (Packet& packet : packets)
    packet = some_packet(aead);
  return packets;
}

class AeadLaws : public ProviderLaws {
 protected:
  static bool wanted(const EncryptionTransform& transform) { return transform.combined(); }
  static std::unique_ptr<Aead> keyed(const EncryptionTransform& transform, OctetView key) {
    return provider().aead(transform, key).value();
  }
  static void for_all(auto law) { ProviderLaws::for_all(encryption_transforms(), wanted, law); }
  static void for_each(auto law) { ProviderLaws::for_each(encryption_transforms(), wanted, law); }
};
INSTANTIATE_TEST_SUITE_P(All, AeadLaws, each_provider(), provider_name);

TEST_P(AeadLaws, OpenUndoesSeal) {
  for_all([](const EncryptionTransform& transform) {
    const auto aead = keyed(transform, some_key(transform));
    const std::vector<Packet> plain = some_packets(*aead);
    std::vector<Packet> packets = plain;
    seal(*aead, packets);
    open(*aead, packets);
    for (std::size_t i = 0; i < plain.size(); ++i) {
      RC_ASSERT(packets[i].authentic);
      RC_ASSERT(packets[i].text == plain[i].text);
    }
  });
}

TEST_P(AeadLaws, AnyFlippedBitIsNotAuthentic) {
  for_all([](const EncryptionTransform& transform) {
    const auto aead = keyed(transform, some_key(transform));
    std::vector<Packet> packets = some_packets(*aead);
    seal(*aead, packets);
    const auto victim = *rc::gen::inRange<std::size_t>(0, packets.size());
    Packet& packet = packets[victim];
    flip_one_bit({&packet.nonce, &packet.associated, &packet.text, &packet.icv});
    open(*aead, packets);
    for (std::size_t i = 0; i < packets.size(); ++i)
      RC_ASSERT(packets[i].authentic == (i != victim));
  });
}

TEST_P(AeadLaws, ABatchIsItsSingles) {
  for_all([](const EncryptionTransform& transform) {
    const auto aead = keyed(transform, some_key(transform));
    std::vector<Packet> batch = some_packets(*aead);
    std::vector<Packet> singles = batch;
    seal(*aead, batch);
    for (Packet& packet : singles) {
      std::vector<Packet> one = {packet};
      seal(*aead, one);
      packet = one.front();
    }
    RC_ASSERT(batch == singles);
  });
}

TEST_P(AeadLaws, ACloneIsTheSameAndOutlivesItsOriginal) {
  for_all([](const EncryptionTransform& transform) {
    auto original = keyed(transform, some_key(transform));
    std::vector<Packet> by_original = some_packets(*original);
    std::vector<Packet> by_clone = by_original;
    seal(*original, by_original);
    const auto copy = original->clone();
    original.reset();
    seal(*copy, by_clone);
    RC_ASSERT(by_original == by_clone);
  });
}

TEST_P(AeadLaws, AgreesWithTheArbiter) {
  for_all([](const EncryptionTransform& transform) {
    const Octets key = some_key(transform);
    const auto ours = keyed(transform, key);
    const std::vector<Packet> plain = some_packets(*ours);
    std::vector<Packet> sealed = plain;
    seal(*ours, sealed);
    const auto theirs = arbiter(provider()).aead(transform, key).value();
    std::vector<Packet> sealed_there = plain;
    seal(*theirs, sealed_there);
    RC_ASSERT(sealed_there == sealed);
    open(*theirs, sealed_there);
    for (std::size_t i = 0; i < plain.size(); ++i)
      RC_ASSERT(sealed_there[i].authentic && sealed_there[i].text == plain[i].text);
  });
}

TEST_P(AeadLaws, HasTheSizesOfTheRegistry) {
  for_each([](const EncryptionTransform& transform) {
    const auto aead = keyed(transform, Octets(transform.key_sizes[0]));
    EXPECT_EQ(aead->nonce_octets(), transform.salt_octets + transform.iv_octets);
    EXPECT_EQ(aead->icv_octets(), transform.icv_octets);
  });
}

TEST_P(AeadLaws, RefusesOtherKeySizes) {
  for_each([](const EncryptionTransform& transform) {
    const auto refused = provider().aead(transform, Octets(33));
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error(), check_aead(transform, Octets(33)).error());
  });
}

}  // namespace
}  // namespace mpsec::crypto::laws
