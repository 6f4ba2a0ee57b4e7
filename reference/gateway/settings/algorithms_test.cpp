#include "gateway/settings/algorithms.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>
#include <set>

#include "gateway/settings/algorithm_words.hpp"
#include "ike/profiles.hpp"

namespace mpsec::gateway {
namespace {

using ipsec::Protocol;

TEST(AlgorithmWords, ThereIsOneForWhatCanBeComputed) {
  for (const auto& transform : crypto::encryption_transforms()) {
    if (transform.kind == crypto::CipherKind::unsupported) continue;
    for (const std::uint8_t octets : transform.key_sizes) {
      const auto bits = static_cast<std::uint16_t>(octets * 8);
      const auto word =
          word_of(transform.id, transform.key_sizes.size() > 1 ? std::optional(bits) : std::nullopt);
      EXPECT_FALSE(word.starts_with("encryption ")) << transform.name;
    }
  }
  for (const auto& transform : crypto::integrity_transforms())
    EXPECT_TRUE(!transform.supported || !word_of(transform.id).starts_with("integrity ")) << transform.name;
  for (const auto& transform : crypto::prf_transforms())
    EXPECT_TRUE(!transform.supported || !word_of(transform.id).starts_with("PRF ")) << transform.name;
  for (const auto& transform : crypto::key_exchange_transforms())
    EXPECT_TRUE(transform.kind == crypto::KeyExchangeKind::unsupported ||
                !word_of(transform.id).starts_with("key exchange "))
        << transform.name;
}

TEST(AlgorithmWords, AreThoseThatStandInThePage) {
  EXPECT_EQ(word_of(crypto::EncryptionId::aes_gcm_16, 256), "aes256gcm16");
  EXPECT_EQ(word_of(crypto::EncryptionId::aes_cbc, 128), "aes128");
  EXPECT_EQ(word_of(crypto::EncryptionId::chacha20_poly1305, std::nullopt), "chacha20poly1305");
  EXPECT_EQ(word_of(crypto::IntegrityId::hmac_sha2_512_256), "sha512");
  EXPECT_EQ(word_of(crypto::PrfId::aes128_xcbc), "prfaesxcbc");
  EXPECT_EQ(word_of(crypto::KeyExchangeId::curve25519), "x25519");
  EXPECT_EQ(word_of(crypto::KeyExchangeId::modp_2048), "modp2048");
  EXPECT_EQ(word_of(crypto::KeyExchangeId::modp_1024_160), "modp1024_160");
  EXPECT_EQ(word_of(crypto::KeyExchangeId::brainpool_p256r1), "brainpoolp256r1");
}

TEST(AlgorithmWords, NumbersWithoutAWordAreToldAsNumbers) {
  EXPECT_EQ(word_of(static_cast<crypto::EncryptionId>(999), 128), "encryption 999 with 128 bits");
  EXPECT_EQ(word_of(static_cast<crypto::IntegrityId>(999)), "integrity 999");
}

TEST(AlgorithmWords, NoTwoAreAlikeWithinAKind) {
  std::set<std::pair<words::Kind, std::string>> seen;
  for (const words::Word& word : words::vocabulary())
    EXPECT_TRUE(seen.emplace(word.kind, word.text).second) << word.text;
}

TEST(Proposals, ReadBackAsTheyWere) {
  const auto ike = ike::ike_proposal(ike::Profile::legacy);
  const auto read = ike_proposal_of(words_of(ike));
  ASSERT_TRUE(read) << to_string(read.error());
  EXPECT_EQ(*read, ike);
  for (const auto& [proposal, protocol] : {std::pair{ike::esp_proposal(ike::Profile::legacy), Protocol::esp},
                                           std::pair{ike::ah_proposal(ike::Profile::legacy), Protocol::ah}}) {
    const auto child = child_proposal_of(words_of(proposal), protocol);
    ASSERT_TRUE(child) << to_string(child.error());
    EXPECT_EQ(*child, proposal);
  }
}

// Whatever words stand together: what is read is spelt back, and an error's place is within the text.
RC_GTEST_PROP(Proposals, OfAnyWordsAreReadOrRefusedWithAPlace, ()) {
  std::string text;
  const auto count = *rc::gen::inRange(0, 6);
  for (int i = 0; i < count; ++i) {
    const auto& vocabulary = words::vocabulary();
    text += (i == 0 ? "" : "-") + vocabulary[*rc::gen::inRange<std::size_t>(0, vocabulary.size())].text;
  }
  if (const auto proposal = ike_proposal_of(text))
    RC_ASSERT(ike_proposal_of(words_of(*proposal)).value() == *proposal);
  else
    RC_ASSERT(proposal.error().offset.value() <= text.size());
  for (const Protocol protocol : {Protocol::esp, Protocol::ah}) {
    if (const auto proposal = child_proposal_of(text, protocol))
      RC_ASSERT(child_proposal_of(words_of(*proposal), protocol).value() == *proposal);
    else
      RC_ASSERT(proposal.error().offset.value() <= text.size());
  }
}

TEST(Proposals, TakeThePrfOfTheIntegritysHash) {
  EXPECT_EQ(words_of(*ike_proposal_of("aes128-sha384-aesxcbc-x25519")),
            "aes128-sha384-aesxcbc-prfsha384-prfaesxcbc-x25519");
}

TEST(Proposals, OfGmacMeanACipherInEspAndAnIntegrityAlgorithmInAh) {
  EXPECT_EQ(child_proposal_of("aes256gmac", Protocol::esp)->encryption.at(0).id,
            crypto::EncryptionId::null_auth_aes_gmac);
  EXPECT_EQ(child_proposal_of("aes256gmac", Protocol::ah)->integrity.at(0),
            crypto::IntegrityId::aes_256_gmac);
}

TEST(Suites, AreToldInWords) {
  const auto suite = ike::ike_suite({{crypto::EncryptionId::aes_cbc, 256, crypto::IntegrityId::hmac_sha1_96},
                                     crypto::PrfId::hmac_sha1,
                                     crypto::KeyExchangeId::modp_2048});
  ASSERT_TRUE(suite);
  EXPECT_EQ(words_of(*suite), "aes256-sha1-prfsha1-modp2048");
  const auto ah = ike::ah_protection({std::nullopt, std::nullopt, crypto::IntegrityId::aes_cmac_96});
  EXPECT_EQ(words_of(*ah), "aescmac");
}

}  // namespace
}  // namespace mpsec::gateway
