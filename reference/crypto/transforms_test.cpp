#include "crypto/transforms.hpp"

#include <algorithm>
#include <gtest/gtest.h>
#include <set>

#include "crypto/provider.hpp"

namespace mpsec::crypto {
namespace {

TEST(Transforms, EveryLineIsFoundByNumberAndByName) {
  for (const EncryptionTransform& transform : encryption_transforms()) {
    EXPECT_EQ(find(transform.id).value(), &transform);
    EXPECT_EQ(find_encryption(transform.name).value(), &transform);
  }
  for (const IntegrityTransform& transform : integrity_transforms()) {
    EXPECT_EQ(find(transform.id).value(), &transform);
    EXPECT_EQ(find_integrity(transform.name).value(), &transform);
  }
}

TEST(Transforms, NumbersAscendSoThatNoneIsTwice) {
  EXPECT_TRUE(
      std::ranges::is_sorted(encryption_transforms(), std::ranges::less_equal{}, &EncryptionTransform::id));
  EXPECT_TRUE(
      std::ranges::is_sorted(integrity_transforms(), std::ranges::less_equal{}, &IntegrityTransform::id));
}

TEST(Transforms, NamesTakeEitherCaseAndNeedNoPrefix) {
  EXPECT_EQ(find_encryption("aes_gcm_16").value()->id, EncryptionId::aes_gcm_16);
  EXPECT_EQ(find_encryption("null").value()->id, EncryptionId::null);
  EXPECT_EQ(find_integrity("Auth_Hmac_Sha2_256_128").value()->id, IntegrityId::hmac_sha2_256_128);
  EXPECT_EQ(find_integrity("AUTH_NONE").value()->id, IntegrityId::none);
}

TEST(Transforms, APrefixOfTheOtherRegistryIsNotPassedOver) {
  EXPECT_FALSE(find_encryption("AUTH_AES_CBC"));
  EXPECT_FALSE(find_integrity("ENCR_HMAC_SHA1_96"));
}

TEST(Transforms, AnUnknownNameIsAnsweredWithTheUsableOnes) {
  const auto found = find_encryption("rot13");
  ASSERT_FALSE(found);
  EXPECT_EQ(found.error().blame, Blame::no_common_ground);
  EXPECT_NE(found.error().why.find("found \"rot13\""), std::string::npos);
  EXPECT_NE(found.error().why.find("ENCR_AES_GCM_16, "), std::string::npos);
  EXPECT_EQ(found.error().why.find("ENCR_BLOWFISH"), std::string::npos) << "not usable";
}

TEST(Transforms, AnUnknownNumberIsNamed) {
  const auto found = find(static_cast<IntegrityId>(999));
  ASSERT_FALSE(found);
  EXPECT_NE(found.error().why.find("transform ID 999 is not known"), std::string::npos);
}

// What RFC 8750 2 says the implicit forms are: the same algorithm with the same nonce, without an IV on the
// wire.
TEST(Transforms, ImplicitFormsDifferFromTheirOriginalsInTheWireIvOnly) {
  for (const EncryptionTransform& transform : encryption_transforms()) {
    if (!transform.implicit_iv) continue;
    const auto original = find_encryption(transform.name.substr(0, transform.name.size() - 4));
    ASSERT_TRUE(original) << transform.name;
    EXPECT_EQ((*original)->kind, transform.kind);
    EXPECT_EQ((*original)->icv_octets, transform.icv_octets);
    EXPECT_EQ((*original)->salt_octets, transform.salt_octets);
    EXPECT_EQ(transform.wire_iv_octets(), 0);
    EXPECT_EQ((*original)->wire_iv_octets(), 8);
  }
}

TEST(Checks, AWrongKeySizeNamesTheAllowedOnes) {
  const Octets key(20);
  EXPECT_EQ(to_string(check_aead(*find(EncryptionId::aes_gcm_16).value(), key).error()),
            "ENCR_AES_GCM_16/key: need 16, 24 or 32 octets (without the salt), have 20 (RFC 4106)");
  EXPECT_EQ(to_string(check_cipher(*find(EncryptionId::triple_des).value(), key).error()),
            "ENCR_3DES/key: need 24 octets, have 20 (RFC 2451)");
  EXPECT_EQ(to_string(check_mac(*find(IntegrityId::hmac_sha2_256_128).value(), key).error()),
            "AUTH_HMAC_SHA2_256_128/key: need 32 octets, have 20 (RFC 4868)");
  EXPECT_EQ(to_string(check_mac(*find(IntegrityId::aes_128_gmac).value(), Octets(16)).error()),
            "AUTH_AES_128_GMAC/key: need 20 octets (16 of key, then 4 of salt), have 16 (RFC 4543)");
}

TEST(Checks, TheWrongKindOfAlgorithmIsRefused) {
  EXPECT_EQ(
      to_string(check_aead(*find(EncryptionId::aes_cbc).value(), Octets(16)).error()),
      "ENCR_AES_CBC: expected a combined algorithm, found one that needs a separate integrity algorithm "
      "(RFC 3602)");
  EXPECT_FALSE(check_cipher(*find(EncryptionId::aes_gcm_16).value(), Octets(16)));
  EXPECT_FALSE(check_cipher(*find(EncryptionId::blowfish).value(), Octets(16)));
  EXPECT_FALSE(check_mac(*find(IntegrityId::none).value(), {}));
  EXPECT_TRUE(check_cipher(*find(EncryptionId::null).value(), {}));
}

TEST(Fatal, SaysWhatWasRefused) {
  EXPECT_DEATH(fatal("libcrypto", "to seal"), "libcrypto refused to seal");
}

TEST(Requirement, PrintsAsTheRfcWritesIt) {
  EXPECT_EQ(to_string(find(EncryptionId::triple_des).value()->requirement), "SHOULD NOT");
  EXPECT_EQ(to_string(find(IntegrityId::hmac_sha1_96).value()->requirement), "MUST-");
}

}  // namespace
}  // namespace mpsec::crypto
