#include "crypto/open/open_provider.hpp"

#include <gtest/gtest.h>

namespace mpsec::crypto {
namespace {

// The expected values come from a few lines of Python that follow the formula in the header.
TEST(OpenProvider, CheckValueOfACombinedAlgorithmFollowsTheFormula) {
  const Octets key = hex("000102030405060708090a0b0c0d0e0f"), nonce = hex("000102030405060708090a0b");
  const Octets associated = hex("0102030400000005");
  Octets text = hex("68656c6c6f"), icv(16);
  AeadJob job{.nonce = nonce.data(), .associated = associated, .text = text, .icv = icv.data()};
  const auto aead = make_open_provider()->aead(**find(EncryptionId::aes_gcm_16), key).value();
  aead->seal({&job, 1});
  EXPECT_EQ(to_hex(icv), "b53f6b2ae55ff8fb98d6f483b528033c");
  EXPECT_EQ(to_hex(text), "68656c6c6f") << "the text passes clear";

  Octets again(16);
  open_check_value({key, nonce, associated, text}, again);
  EXPECT_EQ(again, icv);
}

TEST(OpenProvider, CheckValueOfAnIntegrityAlgorithmFollowsTheFormula) {
  const Octets text = hex("616263"), trailer(4);
  Octets icv(16);
  MacJob job{.text = text, .trailer = trailer, .icv = icv.data(), .iv = nullptr};
  make_open_provider()->mac(**find(IntegrityId::hmac_sha2_256_128), Octets(32)).value()->sign({&job, 1});
  EXPECT_EQ(to_hex(icv), "ff7b7e88d36efeeb22203e182c631e15");
}

}  // namespace
}  // namespace mpsec::crypto
