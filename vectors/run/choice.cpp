#include "vectors/run/choice.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <openssl/evp.h>

namespace mpsec::vectors {
namespace {

using crypto::EncryptionId;
using crypto::EncryptionTransform;
using crypto::IntegrityId;
using crypto::IntegrityTransform;

std::vector<EncryptionId> encryption_ids(Algorithm algorithm) {
  switch (algorithm) {
    case Algorithm::aes_gcm:
      return {EncryptionId::aes_gcm_8, EncryptionId::aes_gcm_12, EncryptionId::aes_gcm_16};
    case Algorithm::aes_ccm:
      return {EncryptionId::aes_ccm_8, EncryptionId::aes_ccm_12, EncryptionId::aes_ccm_16};
    case Algorithm::chacha20_poly1305:
      return {EncryptionId::chacha20_poly1305};
    case Algorithm::aes_cbc:
      return {EncryptionId::aes_cbc};
    case Algorithm::aes_ctr:
      return {EncryptionId::aes_ctr};
    case Algorithm::triple_des_cbc:
      return {EncryptionId::triple_des};
    case Algorithm::null_cipher:
      return {EncryptionId::null};
    case Algorithm::aes_gmac:
      return {EncryptionId::null_auth_aes_gmac};
    default:
      return {};
  }
}

std::vector<IntegrityId> integrity_ids(Algorithm algorithm) {
  switch (algorithm) {
    case Algorithm::hmac_md5:
      return {IntegrityId::hmac_md5_96, IntegrityId::hmac_md5_128};
    case Algorithm::hmac_sha1:
      return {IntegrityId::hmac_sha1_96, IntegrityId::hmac_sha1_160};
    case Algorithm::hmac_sha2_256:
      return {IntegrityId::hmac_sha2_256_128};
    case Algorithm::hmac_sha2_384:
      return {IntegrityId::hmac_sha2_384_192};
    case Algorithm::hmac_sha2_512:
      return {IntegrityId::hmac_sha2_512_256};
    case Algorithm::aes_xcbc:
      return {IntegrityId::aes_xcbc_96};
    case Algorithm::aes_cmac:
      return {IntegrityId::aes_cmac_96};
    case Algorithm::aes_gmac:
      return {IntegrityId::aes_128_gmac, IntegrityId::aes_192_gmac, IntegrityId::aes_256_gmac};
    default:
      return {};
  }
}

template <class Id>
auto transforms(const std::vector<Id>& ids) {
  std::vector<typename decltype(crypto::find(Id()))::value_type> found;
  for (const Id id : ids)
    found.push_back(crypto::find(id).value());
  return found;
}

std::unexpected<Refusal> refuse(Reason reason, std::string_view what, std::size_t found, Algorithm algorithm,
                                const auto& allowed) {
  return std::unexpected(Refusal{reason, fmt::format("{} of {} octets; {} in IPsec: {}", what, found,
                                                     to_string(algorithm), fmt::join(allowed, ", "))});
}

bool wants(const Expectation& expectation, Reason reason) {
  return expectation.reason == reason;
}

std::optional<Refusal> check_sizes(Algorithm algorithm, const EncryptionTransform& transform,
                                   std::size_t nonce, std::size_t key, const Expectation& expectation) {
  const std::array nonce_size{std::size_t{transform.salt_octets} + transform.iv_octets};
  if (nonce != nonce_size[0])
    return refuse(Reason::nonce_size, "nonce", nonce, algorithm, nonce_size).error();
  if (!transform.takes_key(key) && !wants(expectation, Reason::key_size))
    return refuse(Reason::key_size, "key", key, algorithm, transform.key_sizes).error();
  return std::nullopt;
}

const EVP_MD* digest_of(Algorithm hmac) {
  switch (hmac) {
    case Algorithm::hmac_md5:
      return EVP_md5();
    case Algorithm::hmac_sha1:
      return EVP_sha1();
    case Algorithm::hmac_sha2_256:
      return EVP_sha256();
    case Algorithm::hmac_sha2_384:
      return EVP_sha384();
    case Algorithm::hmac_sha2_512:
      return EVP_sha512();
    default:
      return nullptr;
  }
}

const IntegrityTransform* closest(const std::vector<const IntegrityTransform*>& candidates,
                                  std::size_t tag_size) {
  const IntegrityTransform* best = nullptr;
  for (const IntegrityTransform* candidate : candidates) {
    const bool fits = candidate->icv_octets <= tag_size;
    if (best == nullptr)
      best = candidate;
    else if (fits && (best->icv_octets > tag_size || candidate->icv_octets > best->icv_octets))
      best = candidate;
    else if (!fits && best->icv_octets > tag_size && candidate->icv_octets < best->icv_octets)
      best = candidate;
  }
  return best;
}

std::optional<Refusal> check_mac_key(const MacCase& mac, const IntegrityTransform& transform) {
  const bool hmac = digest_of(mac.algorithm) != nullptr;
  if (hmac ? hmac_key(mac.algorithm, mac.key, transform).has_value() : mac.key.size() == transform.key_octets)
    return std::nullopt;
  return refuse(Reason::key_size, "key", mac.key.size(), mac.algorithm, std::array{transform.key_octets})
      .error();
}

}  // namespace

std::optional<Octets> hmac_key(Algorithm hmac, OctetView key, const IntegrityTransform& transform) {
  Octets result(key.begin(), key.end());
  const EVP_MD* digest = digest_of(hmac);
  if (digest == nullptr) return std::nullopt;
  if (result.size() > static_cast<std::size_t>(EVP_MD_get_block_size(digest))) {
    Octets hashed(static_cast<std::size_t>(EVP_MD_get_size(digest)));
    if (EVP_Digest(key.data(), key.size(), hashed.data(), nullptr, digest, nullptr) != 1) return std::nullopt;
    result = std::move(hashed);
  }
  if (result.size() > transform.key_octets) return std::nullopt;
  result.resize(transform.key_octets);
  return result;
}

EncryptionChoice choose_encryption(Algorithm algorithm, std::size_t icv_size) {
  std::vector<unsigned> sizes;
  for (const EncryptionTransform* transform : transforms(encryption_ids(algorithm))) {
    if (transform->icv_octets == icv_size) return transform;
    sizes.push_back(transform->icv_octets);
  }
  return refuse(Reason::icv_size, "ICV", icv_size, algorithm, sizes);
}

IntegrityChoice choose_integrity(Algorithm algorithm, std::size_t icv_size, std::size_t key_size) {
  std::vector<unsigned> sizes;
  for (const IntegrityTransform* transform : transforms(integrity_ids(algorithm))) {
    const bool gmac = algorithm == Algorithm::aes_gmac;
    if (transform->icv_octets == icv_size && (!gmac || transform->key_octets == key_size)) return transform;
    sizes.push_back(transform->icv_octets);
  }
  return refuse(Reason::icv_size, "ICV", icv_size, algorithm, sizes);
}

EncryptionChoice choose(const AeadCase& aead, const Expectation& expectation) {
  const EncryptionChoice choice = choose_encryption(aead.algorithm, aead.tag_size);
  if (!choice) return choice;
  if (auto refusal = check_sizes(aead.algorithm, **choice, aead.nonce.size(), aead.key.size(), expectation))
    return std::unexpected(*std::move(refusal));
  return choice;
}

EncryptionChoice choose(const CipherCase& cipher, const Expectation& expectation) {
  const EncryptionTransform* transform = transforms(encryption_ids(cipher.algorithm)).front();
  std::size_t nonce_size = cipher.iv.size();
  if (transform->kind == crypto::CipherKind::ctr && nonce_size == 16) {
    const auto first_block = load_be<std::uint32_t>(cipher.iv.data() + 12);
    if (first_block != 1)
      return std::unexpected(Refusal{
          Reason::nonce_size, fmt::format("first block counted {}; AES-CTR in IPsec: 1", first_block)});
    nonce_size = 12;
  }
  if (auto refusal = check_sizes(cipher.algorithm, *transform, nonce_size, cipher.key.size(), expectation))
    return std::unexpected(*std::move(refusal));
  if (cipher.plaintext.size() % transform->block_octets != 0 ||
      cipher.ciphertext.size() != cipher.plaintext.size())
    return std::unexpected(
        Refusal{Reason::data_size,
                fmt::format("text of {} octets; {} in IPsec: blocks of {}", cipher.plaintext.size(),
                            to_string(cipher.algorithm), transform->block_octets)});
  return transform;
}

IntegrityChoice choose(const MacCase& mac, const Expectation& expectation) {
  std::vector<const IntegrityTransform*> candidates = transforms(integrity_ids(mac.algorithm));
  if (mac.algorithm == Algorithm::aes_gmac) {
    if (mac.nonce.size() != 12)
      return refuse(Reason::nonce_size, "nonce", mac.nonce.size(), mac.algorithm, std::array{12});
    const auto other_key = [&](const auto* transform) { return transform->key_octets != mac.key.size(); };
    if (std::ranges::any_of(candidates, [&](const auto* one) { return !other_key(one); }))
      std::erase_if(candidates, other_key);
  }
  const IntegrityTransform* transform = closest(candidates, mac.tag.size());
  if (!wants(expectation, Reason::key_size))
    if (auto refusal = check_mac_key(mac, *transform)) return std::unexpected(*std::move(refusal));
  return transform;
}

}  // namespace mpsec::vectors
