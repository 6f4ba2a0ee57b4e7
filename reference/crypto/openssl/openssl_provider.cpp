#include "crypto/openssl/openssl_provider.hpp"

#include <array>
#include <openssl/crypto.h>
#include <openssl/rand.h>

#include "crypto/openssl/evp.hpp"

namespace mpsec::crypto {
namespace {

// What libcrypto calls a kind of cipher; a GMAC runs on GCM, XCBC and CMAC on AES-128-CBC.
struct CipherName {
  CipherKind kind;
  std::uint8_t block_octets;
  std::uint8_t key_octets;
  const char* name;
};

constexpr CipherName cipher_names[] = {
    {CipherKind::gcm, 1, 16, "AES-128-GCM"},
    {CipherKind::gcm, 1, 24, "AES-192-GCM"},
    {CipherKind::gcm, 1, 32, "AES-256-GCM"},
    {CipherKind::ccm, 1, 16, "AES-128-CCM"},
    {CipherKind::ccm, 1, 24, "AES-192-CCM"},
    {CipherKind::ccm, 1, 32, "AES-256-CCM"},
    {CipherKind::chacha20_poly1305, 1, 32, "ChaCha20-Poly1305"},
    {CipherKind::cbc, 16, 16, "AES-128-CBC"},
    {CipherKind::cbc, 16, 24, "AES-192-CBC"},
    {CipherKind::cbc, 16, 32, "AES-256-CBC"},
    {CipherKind::ctr, 1, 16, "AES-128-CTR"},
    {CipherKind::ctr, 1, 24, "AES-192-CTR"},
    {CipherKind::ctr, 1, 32, "AES-256-CTR"},
    {CipherKind::cbc, 8, 24, "DES-EDE3-CBC"},
};

struct DigestName {
  IntegrityId id;
  const char* name;
};

constexpr DigestName digest_names[] = {
    {IntegrityId::hmac_md5_96, "MD5"},
    {IntegrityId::hmac_md5_128, "MD5"},
    {IntegrityId::hmac_sha1_96, "SHA1"},
    {IntegrityId::hmac_sha1_160, "SHA1"},
    {IntegrityId::hmac_sha2_256_128, "SHA2-256"},
    {IntegrityId::hmac_sha2_384_192, "SHA2-384"},
    {IntegrityId::hmac_sha2_512_256, "SHA2-512"},
};

class NullCipher final : public Cipher {
 public:
  std::size_t iv_octets() const noexcept override { return 0; }
  void encrypt(std::span<CipherJob>) noexcept override {}
  void decrypt(std::span<CipherJob>) noexcept override {}
  std::unique_ptr<Cipher> clone() const override { return std::make_unique<NullCipher>(); }
};

class OpensslProvider final : public Provider {
 public:
  OpensslProvider() {
    for (std::size_t i = 0; i < ciphers_.size(); ++i)
      ciphers_[i] = evp::fetch_cipher(cipher_names[i].name);
    for (std::size_t i = 0; i < digests_.size(); ++i)
      digests_[i] = evp::fetch_digest(digest_names[i].name);
  }

  std::string_view name() const noexcept override { return "openssl"; }
  std::string description() const override {
    return std::string("OpenSSL ") + OpenSSL_version(OPENSSL_VERSION_STRING);
  }

  bool supports(const EncryptionTransform& transform) const noexcept override {
    if (transform.kind == CipherKind::null) return true;
    for (const std::uint8_t key_octets : transform.key_sizes)
      if (!cipher_for(transform, key_octets)) return false;
    return transform.kind != CipherKind::unsupported;
  }

  bool supports(const IntegrityTransform& transform) const noexcept override {
    return transform.supported && (digest_for(transform.id) || underlying_cipher(transform));
  }

  Result<std::unique_ptr<Aead>> aead(const EncryptionTransform& transform, OctetView key) const override {
    if (Result<> checked = check_aead(transform, key); !checked) return std::unexpected(checked.error());
    const evp::CipherAlgorithm algorithm = cipher_for(transform, key.size());
    if (!algorithm) return std::unexpected(not_supported(transform.name, name()));
    if (transform.kind == CipherKind::ccm) return evp::make_ccm(algorithm, key, transform);
    if (transform.kind == CipherKind::gmac) return evp::make_gmac_aead(algorithm, key, transform);
    return evp::make_stream_aead(algorithm, key, transform);
  }

  Result<std::unique_ptr<Cipher>> cipher(const EncryptionTransform& transform, OctetView key) const override {
    if (Result<> checked = check_cipher(transform, key); !checked) return std::unexpected(checked.error());
    if (transform.kind == CipherKind::null) return std::make_unique<NullCipher>();
    const evp::CipherAlgorithm algorithm = cipher_for(transform, key.size());
    if (!algorithm) return std::unexpected(not_supported(transform.name, name()));
    if (transform.kind == CipherKind::ctr) return evp::make_ctr(algorithm, key);
    return evp::make_cbc(algorithm, key, transform);
  }

  Result<std::unique_ptr<Mac>> mac(const IntegrityTransform& transform, OctetView key) const override {
    if (Result<> checked = check_mac(transform, key); !checked) return std::unexpected(checked.error());
    if (const evp::DigestAlgorithm digest = digest_for(transform.id))
      return evp::make_hmac(digest, key, transform);
    const evp::CipherAlgorithm algorithm = underlying_cipher(transform);
    if (!algorithm) return std::unexpected(not_supported(transform.name, name()));
    if (transform.salt_octets != 0) return evp::make_gmac(algorithm, key, transform);
    return evp::make_cbc_mac(algorithm, key, transform);
  }

 private:
  evp::CipherAlgorithm cipher_for(CipherKind kind, std::size_t block_octets,
                                  std::size_t key_octets) const noexcept {
    for (std::size_t i = 0; i < ciphers_.size(); ++i)
      if (cipher_names[i].kind == kind && cipher_names[i].block_octets == block_octets &&
          cipher_names[i].key_octets == key_octets)
        return ciphers_[i];
    return nullptr;
  }

  evp::CipherAlgorithm cipher_for(const EncryptionTransform& transform,
                                  std::size_t key_octets) const noexcept {
    const CipherKind kind = transform.kind == CipherKind::gmac ? CipherKind::gcm : transform.kind;
    return cipher_for(kind, transform.block_octets, key_octets);
  }

  evp::DigestAlgorithm digest_for(IntegrityId id) const noexcept {
    for (std::size_t i = 0; i < digests_.size(); ++i)
      if (digest_names[i].id == id) return digests_[i];
    return nullptr;
  }

  evp::CipherAlgorithm underlying_cipher(const IntegrityTransform& transform) const noexcept {
    if (transform.salt_octets != 0) return cipher_for(CipherKind::gcm, 1, transform.key_octets);
    if (transform.id == IntegrityId::aes_xcbc_96 || transform.id == IntegrityId::aes_cmac_96)
      return cipher_for(CipherKind::cbc, 16, transform.key_octets);
    return nullptr;
  }

  std::array<evp::CipherAlgorithm, std::size(cipher_names)> ciphers_;
  std::array<evp::DigestAlgorithm, std::size(digest_names)> digests_;
};

class OpensslRng final : public Rng {
 public:
  void fill(MutableOctets out) override {
    evp::must(out.empty() || RAND_bytes(out.data(), static_cast<int>(out.size())) == 1, "random octets");
  }
};

}  // namespace

std::unique_ptr<Provider> make_openssl_provider() {
  return std::make_unique<OpensslProvider>();
}
std::unique_ptr<Rng> make_openssl_rng() {
  return std::make_unique<OpensslRng>();
}

}  // namespace mpsec::crypto
