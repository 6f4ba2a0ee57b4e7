#include "gateway/settings/algorithm_words.hpp"

#include <algorithm>
#include <array>
#include <fmt/format.h>

#include "crypto/key_exchange.hpp"
#include "gateway/settings/algorithms.hpp"

namespace mpsec::gateway {
namespace words {
namespace {

using crypto::EncryptionId;
using crypto::IntegrityId;
using crypto::PrfId;
using wire::ike::SequenceNumbers;

// Between the two parts stand the bits of the key, where it may have several sizes.
struct CipherName {
  EncryptionId id;
  std::string_view before, after;
};
constexpr CipherName cipher_names[] = {
    {EncryptionId::aes_gcm_16, "aes", "gcm16"},
    {EncryptionId::aes_gcm_12, "aes", "gcm12"},
    {EncryptionId::aes_gcm_8, "aes", "gcm8"},
    {EncryptionId::aes_ccm_16, "aes", "ccm16"},
    {EncryptionId::aes_ccm_12, "aes", "ccm12"},
    {EncryptionId::aes_ccm_8, "aes", "ccm8"},
    {EncryptionId::chacha20_poly1305, "chacha20poly1305", ""},
    {EncryptionId::aes_cbc, "aes", ""},
    {EncryptionId::aes_ctr, "aes", "ctr"},
    {EncryptionId::null_auth_aes_gmac, "aes", "gmac"},
    {EncryptionId::aes_gcm_16_iiv, "aes", "gcm16iiv"},
    {EncryptionId::aes_ccm_8_iiv, "aes", "ccm8iiv"},
    {EncryptionId::chacha20_poly1305_iiv, "chacha20poly1305iiv", ""},
    {EncryptionId::triple_des, "3des", ""},
    {EncryptionId::null, "null", ""},
};

struct IntegrityName {
  IntegrityId id;
  std::string_view word;
  std::optional<PrfId> prf{};  // of the same hash or cipher
};
constexpr IntegrityName integrity_names[] = {
    {IntegrityId::hmac_sha2_256_128, "sha256", PrfId::hmac_sha2_256},
    {IntegrityId::hmac_sha2_384_192, "sha384", PrfId::hmac_sha2_384},
    {IntegrityId::hmac_sha2_512_256, "sha512", PrfId::hmac_sha2_512},
    {IntegrityId::hmac_sha1_96, "sha1", PrfId::hmac_sha1},
    {IntegrityId::hmac_sha1_160, "sha1_160", PrfId::hmac_sha1},
    {IntegrityId::hmac_md5_96, "md5", PrfId::hmac_md5},
    {IntegrityId::hmac_md5_128, "md5_128", PrfId::hmac_md5},
    {IntegrityId::aes_xcbc_96, "aesxcbc", PrfId::aes128_xcbc},
    {IntegrityId::aes_cmac_96, "aescmac", PrfId::aes128_cmac},
    {IntegrityId::aes_128_gmac, "aes128gmac"},
    {IntegrityId::aes_192_gmac, "aes192gmac"},
    {IntegrityId::aes_256_gmac, "aes256gmac"},
};

struct PrfName {
  PrfId id;
  std::string_view word;
};
constexpr PrfName prf_names[] = {
    {PrfId::hmac_sha2_256, "prfsha256"}, {PrfId::hmac_sha2_384, "prfsha384"},
    {PrfId::hmac_sha2_512, "prfsha512"}, {PrfId::hmac_sha1, "prfsha1"},
    {PrfId::hmac_md5, "prfmd5"},         {PrfId::aes128_xcbc, "prfaesxcbc"},
    {PrfId::aes128_cmac, "prfaescmac"},
};

// "modp_2048" is written "modp2048"; an underscore stays where it parts two numbers.
std::string word_of_slug(std::string_view slug) {
  std::string word;
  for (std::size_t i = 0; i < slug.size(); ++i) {
    const bool after_digit = i > 0 && slug[i - 1] >= '0' && slug[i - 1] <= '9';
    if (slug[i] != '_' || after_digit) word += slug[i];
  }
  return word;
}

std::vector<Word> all_words() {
  std::vector<Word> words;
  for (const auto& [id, before, after] : cipher_names) {
    const crypto::EncryptionTransform& transform = **crypto::find(id);
    for (const std::uint8_t octets : transform.key_sizes) {
      const auto bits = static_cast<std::uint16_t>(octets * 8);
      const bool several = transform.key_sizes.size() > 1;
      words.push_back({several ? fmt::format("{}{}{}", before, bits, after) : std::string(before),
                       Kind::encryption, static_cast<std::uint16_t>(id),
                       several ? std::optional(bits) : std::nullopt});
    }
  }
  for (const auto& [id, word, prf] : integrity_names)
    words.push_back({std::string(word), Kind::integrity, static_cast<std::uint16_t>(id)});
  for (const auto& [id, word] : prf_names)
    words.push_back({std::string(word), Kind::prf, static_cast<std::uint16_t>(id)});
  for (const crypto::KeyExchangeTransform& transform : crypto::key_exchange_transforms())
    if (transform.kind != crypto::KeyExchangeKind::unsupported)
      words.push_back(
          {word_of_slug(transform.slug), Kind::key_exchange, static_cast<std::uint16_t>(transform.id)});
  for (const auto& [word, value] : {std::pair{extended, SequenceNumbers::extended},
                                    std::pair{not_extended, SequenceNumbers::no_extended}})
    words.push_back({std::string(word), Kind::sequence_numbers, static_cast<std::uint16_t>(value)});
  return words;
}

std::string word_or(Kind kind, std::uint16_t id, std::optional<std::uint16_t> key_bits,
                    std::string_view what) {
  for (const Word& word : vocabulary())
    if (word.kind == kind && word.id == id && word.key_bits == key_bits) return word.text;
  if (key_bits) return fmt::format("{} {} with {} bits", what, id, *key_bits);
  return fmt::format("{} {}", what, id);
}

}  // namespace

std::string_view to_string(Kind kind) {
  static constexpr std::array<std::string_view, 5> names{"an encryption algorithm", "an integrity algorithm",
                                                         "a PRF", "a key exchange", "about sequence numbers"};
  return names[static_cast<std::size_t>(kind)];
}

const std::vector<Word>& vocabulary() {
  static const std::vector<Word> words = all_words();
  return words;
}

std::optional<crypto::PrfId> prf_like(IntegrityId id) {
  const auto* const name = std::ranges::find(integrity_names, id, &IntegrityName::id);
  return name == std::end(integrity_names) ? std::nullopt : name->prf;
}

}  // namespace words

std::string word_of(crypto::EncryptionId id, std::optional<std::uint16_t> key_bits) {
  return words::word_or(words::Kind::encryption, static_cast<std::uint16_t>(id), key_bits, "encryption");
}
std::string word_of(crypto::IntegrityId id) {
  return words::word_or(words::Kind::integrity, static_cast<std::uint16_t>(id), std::nullopt, "integrity");
}
std::string word_of(crypto::PrfId id) {
  return words::word_or(words::Kind::prf, static_cast<std::uint16_t>(id), std::nullopt, "PRF");
}
std::string word_of(crypto::KeyExchangeId id) {
  return words::word_or(words::Kind::key_exchange, static_cast<std::uint16_t>(id), std::nullopt,
                        "key exchange");
}

}  // namespace mpsec::gateway
