// The laws of encryption without integrity.
#include "crypto/select/laws.hpp"

namespace mpsec::crypto::laws {
namespace {

struct Segment {
  Octets iv;
  Octets text;

  bool operator==(const Segment&) const = default;
};

std::vector<Segment> some_segments(const EncryptionTransform& transform, const Cipher& cipher) {
  std::vector<Segment> segments(some_batch());
  for (Segment& segment : segments)
    segment = {.iv = some(cipher.iv_octets()),
               .text = some(some_length(2100) / transform.block_octets * transform.block_octets)};
  return segments;
}

CipherJob job_over(Segment& segment) {
  return {.iv = segment.iv.data(), .text = segment.text};
}

void encrypt(Cipher& cipher, std::vector<Segment>& segments) {
  run_batch<CipherJob>(segments, [&](std::span<CipherJob> jobs) { cipher.encrypt(jobs); });
}

void decrypt(Cipher& cipher, std::vector<Segment>& segments) {
  run_batch<CipherJob>(segments, [&](std::span<CipherJob> jobs) { cipher.decrypt(jobs); });
}

class CipherLaws : public ProviderLaws {
 protected:
  static bool wanted(const EncryptionTransform& transform) { return !transform.combined(); }
  static std::unique_ptr<Cipher> keyed(const EncryptionTransform& transform, OctetView key) {
    return provider().cipher(transform, key).value();
  }
  static void for_all(auto law) { ProviderLaws::for_all(encryption_transforms(), wanted, law); }
  static void for_each(auto law) { ProviderLaws::for_each(encryption_transforms(), wanted, law); }
};
INSTANTIATE_TEST_SUITE_P(All, CipherLaws, each_provider(), provider_name);

TEST_P(CipherLaws, DecryptUndoesEncrypt) {
  for_all([](const EncryptionTransform& transform) {
    const auto cipher = keyed(transform, some_key(transform));
    const std::vector<Segment> plain = some_segments(transform, *cipher);
    std::vector<Segment> segments = plain;
    encrypt(*cipher, segments);
    decrypt(*cipher, segments);
    RC_ASSERT(segments == plain);
  });
}

TEST_P(CipherLaws, ABatchIsItsSingles) {
  for_all([](const EncryptionTransform& transform) {
    const auto cipher = keyed(transform, some_key(transform));
    std::vector<Segment> batch = some_segments(transform, *cipher);
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
  });
}

TEST_P(CipherLaws, AgreesWithTheArbiterAndWithItsClone) {
  for_all([](const EncryptionTransform& transform) {
    const Octets key = some_key(transform);
    const auto ours = keyed(transform, key);
    const std::vector<Segment> plain = some_segments(transform, *ours);
    std::vector<Segment> encrypted = plain;
    encrypt(*ours, encrypted);
    std::vector<Segment> by_clone = plain;
    encrypt(*ours->clone(), by_clone);
    RC_ASSERT(by_clone == encrypted);
    std::vector<Segment> there = plain;
    encrypt(*arbiter(provider()).cipher(transform, key).value(), there);
    RC_ASSERT(there == encrypted);
  });
}

TEST_P(CipherLaws, RefusesOtherKeySizes) {
  for_each([](const EncryptionTransform& transform) {
    const auto refused = provider().cipher(transform, Octets(33));
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error(), check_cipher(transform, Octets(33)).error());
  });
}

}  // namespace
}  // namespace mpsec::crypto::laws
