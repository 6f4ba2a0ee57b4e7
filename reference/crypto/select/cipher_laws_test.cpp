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

TEST_P(CipherLaws, AgreesWithTheArbiterAndWithItsClone) {
  EXPECT_TRUE(rc::check([] {
    const Octets key = some_key(transform());
    const auto ours = keyed(key);
    const std::vector<Segment> plain = some_segments(transform(), *ours);
    std::vector<Segment> encrypted = plain;
    encrypt(*ours, encrypted);
    std::vector<Segment> by_clone = plain;
    encrypt(*ours->clone(), by_clone);
    RC_ASSERT(by_clone == encrypted);
    std::vector<Segment> there = plain;
    encrypt(*arbiter(*GetParam().provider).cipher(transform(), key).value(), there);
    RC_ASSERT(there == encrypted);
  }));
}

TEST_P(CipherLaws, RefusesOtherKeySizes) {
  const auto refused = GetParam().provider->cipher(transform(), Octets(33));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error(), check_cipher(transform(), Octets(33)).error());
}

}  // namespace
}  // namespace mpsec::crypto::laws
