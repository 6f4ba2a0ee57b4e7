// The combined algorithms on EVP. Each packet sets its nonce and passes its octets; keys stay in the
// contexts.
#include <array>
#include <cstring>
#include <initializer_list>
#include <openssl/core_names.h>
#include <openssl/params.h>

#include "crypto/openssl/evp.hpp"

namespace mpsec::crypto::evp {
namespace {

using Parts = std::initializer_list<OctetView>;

// The one parameter of a call that hands over or takes back a check value.
class TagParameter {
 public:
  TagParameter(std::uint8_t* icv, std::size_t octets) noexcept
      : parameters_{OSSL_PARAM_construct_octet_string(OSSL_CIPHER_PARAM_AEAD_TAG, icv, octets),
                    OSSL_PARAM_construct_end()} {}
  OSSL_PARAM* data() noexcept { return parameters_; }

 private:
  OSSL_PARAM parameters_[2];
};

int length(OctetView octets) noexcept {
  return static_cast<int>(octets.size());
}

// EVP takes a null output for associated data, so that an empty span with a null pointer must not reach it.
template <auto update>
bool pass(EVP_CIPHER_CTX* context, Parts associated, MutableOctets text) noexcept {
  int passed = 0;
  for (const OctetView part : associated)
    if (!part.empty() && update(context, nullptr, &passed, part.data(), length(part)) != 1) return false;
  return text.empty() || update(context, text.data(), &passed, text.data(), length(text)) == 1;
}

bool seal_one(EVP_CIPHER_CTX* context, const std::uint8_t* nonce, Parts associated, MutableOctets text,
              std::uint8_t* icv, std::size_t icv_octets) noexcept {
  std::uint8_t rest[EVP_MAX_BLOCK_LENGTH];
  int passed = 0;
  return EVP_EncryptInit_ex2(context, nullptr, nullptr, nonce, nullptr) == 1 &&
         pass<EVP_EncryptUpdate>(context, associated, text) &&
         EVP_EncryptFinal_ex(context, rest, &passed) == 1 &&
         EVP_CIPHER_CTX_get_params(context, TagParameter(icv, icv_octets).data()) == 1;
}

bool open_one(EVP_CIPHER_CTX* context, const std::uint8_t* nonce, Parts associated, MutableOctets text,
              std::uint8_t* icv, std::size_t icv_octets) noexcept {
  std::uint8_t rest[EVP_MAX_BLOCK_LENGTH];
  int passed = 0;
  return EVP_DecryptInit_ex2(context, nullptr, nullptr, nonce, TagParameter(icv, icv_octets).data()) == 1 &&
         pass<EVP_DecryptUpdate>(context, associated, text) &&
         EVP_DecryptFinal_ex(context, rest, &passed) == 1;
}

// AES-GCM and ChaCha20-Poly1305.
class StreamAead final : public Aead {
 public:
  StreamAead(KeyedCipher cipher, std::uint8_t nonce_octets, std::uint8_t icv_octets)
      : cipher_(std::move(cipher)), nonce_octets_(nonce_octets), icv_octets_(icv_octets) {}

  std::size_t nonce_octets() const noexcept override { return nonce_octets_; }
  std::size_t icv_octets() const noexcept override { return icv_octets_; }

  void seal(std::span<AeadJob> jobs) noexcept override {
    EVP_CIPHER_CTX* context = cipher_.encrypting();
    for (AeadJob& job : jobs)
      must(seal_one(context, job.nonce, {job.associated}, job.text, job.icv, icv_octets_), "to seal");
  }

  void open(std::span<AeadJob> jobs) noexcept override {
    EVP_CIPHER_CTX* context = cipher_.decrypting();
    for (AeadJob& job : jobs)
      job.authentic = open_one(context, job.nonce, {job.associated}, job.text, job.icv, icv_octets_);
  }

  std::unique_ptr<Aead> clone() const override {
    return std::make_unique<StreamAead>(cipher_.clone(), nonce_octets_, icv_octets_);
  }

 private:
  KeyedCipher cipher_;
  std::uint8_t nonce_octets_;
  std::uint8_t icv_octets_;
};

// AES-CCM: wants to know the length of the text before anything else, and checks while it decrypts.
class Ccm final : public Aead {
 public:
  Ccm(KeyedCipher cipher, std::uint8_t nonce_octets, std::uint8_t icv_octets)
      : cipher_(std::move(cipher)), nonce_octets_(nonce_octets), icv_octets_(icv_octets) {}

  std::size_t nonce_octets() const noexcept override { return nonce_octets_; }
  std::size_t icv_octets() const noexcept override { return icv_octets_; }

  void seal(std::span<AeadJob> jobs) noexcept override {
    EVP_CIPHER_CTX* context = cipher_.encrypting();
    for (AeadJob& job : jobs)
      must(EVP_EncryptInit_ex2(context, nullptr, nullptr, job.nonce, nullptr) == 1 &&
               pass_all<EVP_EncryptUpdate>(context, job) &&
               EVP_CIPHER_CTX_get_params(context, TagParameter(job.icv, icv_octets_).data()) == 1,
           "to seal");
  }

  void open(std::span<AeadJob> jobs) noexcept override {
    EVP_CIPHER_CTX* context = cipher_.decrypting();
    for (AeadJob& job : jobs)
      job.authentic = EVP_DecryptInit_ex2(context, nullptr, nullptr, job.nonce,
                                          TagParameter(job.icv, icv_octets_).data()) == 1 &&
                      pass_all<EVP_DecryptUpdate>(context, job);
  }

  std::unique_ptr<Aead> clone() const override {
    return std::make_unique<Ccm>(cipher_.clone(), nonce_octets_, icv_octets_);
  }

 private:
  template <auto update>
  static bool pass_all(EVP_CIPHER_CTX* context, AeadJob& job) noexcept {
    std::uint8_t nothing = 0;
    int passed = 0;
    if (update(context, nullptr, &passed, nullptr, length(job.text)) != 1) return false;
    if (!job.associated.empty() &&
        update(context, nullptr, &passed, job.associated.data(), length(job.associated)) != 1)
      return false;
    // An empty text passes too: only then is the check value computed, or compared.
    std::uint8_t* text = job.text.empty() ? &nothing : job.text.data();
    return update(context, text, &passed, text, length(job.text)) == 1;
  }

  KeyedCipher cipher_;
  std::uint8_t nonce_octets_;
  std::uint8_t icv_octets_;
};

// ENCR_NULL_AUTH_AES_GMAC: everything is associated data and nothing is text.
class GmacAead final : public Aead {
 public:
  explicit GmacAead(KeyedCipher cipher) : cipher_(std::move(cipher)) {}

  std::size_t nonce_octets() const noexcept override { return salt_octets + iv_octets; }
  std::size_t icv_octets() const noexcept override { return 16; }

  void seal(std::span<AeadJob> jobs) noexcept override {
    EVP_CIPHER_CTX* context = cipher_.encrypting();
    for (AeadJob& job : jobs)
      must(seal_one(context, job.nonce, {job.associated, iv(job), job.text}, {}, job.icv, icv_octets()),
           "to seal");
  }

  void open(std::span<AeadJob> jobs) noexcept override {
    EVP_CIPHER_CTX* context = cipher_.decrypting();
    for (AeadJob& job : jobs)
      job.authentic =
          open_one(context, job.nonce, {job.associated, iv(job), job.text}, {}, job.icv, icv_octets());
  }

  std::unique_ptr<Aead> clone() const override { return std::make_unique<GmacAead>(cipher_.clone()); }

 private:
  static constexpr std::size_t salt_octets = 4;
  static constexpr std::size_t iv_octets = 8;

  //= rfc4543/3.5/aad-is-spi-sequence-number-and-payload-with-iv
  static OctetView iv(const AeadJob& job) noexcept { return {job.nonce + salt_octets, iv_octets}; }

  KeyedCipher cipher_;
};

// AUTH_AES_*_GMAC, the integrity transforms of AH.
class Gmac final : public Mac {
 public:
  Gmac(KeyedCipher cipher, SecretOctets salt) : cipher_(std::move(cipher)), salt_(std::move(salt)) {}

  std::size_t icv_octets() const noexcept override { return 16; }
  std::size_t iv_octets() const noexcept override { return 8; }

  void sign(std::span<MacJob> jobs) noexcept override {
    EVP_CIPHER_CTX* context = cipher_.encrypting();
    for (MacJob& job : jobs)
      must(seal_one(context, nonce(job).data(), {job.text, job.trailer}, {}, job.icv, icv_octets()),
           "to sign");
  }

  void verify(std::span<MacJob> jobs) noexcept override {
    EVP_CIPHER_CTX* context = cipher_.decrypting();
    for (MacJob& job : jobs)
      job.authentic =
          open_one(context, nonce(job).data(), {job.text, job.trailer}, {}, job.icv, icv_octets());
  }

  std::unique_ptr<Mac> clone() const override {
    return std::make_unique<Gmac>(cipher_.clone(), salt_.clone());
  }

 private:
  //= rfc4543/3.2/nonce-is-salt-then-iv
  std::array<std::uint8_t, 12> nonce(const MacJob& job) const noexcept {
    std::array<std::uint8_t, 12> nonce;
    std::memcpy(nonce.data(), salt_.view().data(), 4);
    std::memcpy(nonce.data() + 4, job.iv, 8);
    return nonce;
  }

  KeyedCipher cipher_;
  SecretOctets salt_;
};

std::uint8_t nonce_size(const EncryptionTransform& transform) {
  return static_cast<std::uint8_t>(transform.salt_octets + transform.iv_octets);
}

}  // namespace

std::unique_ptr<Aead> make_stream_aead(CipherAlgorithm gcm_or_chacha, OctetView key,
                                       const EncryptionTransform& transform) {
  const std::uint8_t nonce = nonce_size(transform);
  KeyedCipher cipher(std::move(gcm_or_chacha), key, {.nonce_octets = nonce});
  return std::make_unique<StreamAead>(std::move(cipher), nonce, transform.icv_octets);
}

std::unique_ptr<Aead> make_ccm(CipherAlgorithm ccm, OctetView key, const EncryptionTransform& transform) {
  const std::uint8_t nonce = nonce_size(transform);
  KeyedCipher cipher(std::move(ccm), key, {.nonce_octets = nonce, .ccm_icv_octets = transform.icv_octets});
  return std::make_unique<Ccm>(std::move(cipher), nonce, transform.icv_octets);
}

std::unique_ptr<Aead> make_gmac_aead(CipherAlgorithm gcm, OctetView key,
                                     const EncryptionTransform& transform) {
  return std::make_unique<GmacAead>(
      KeyedCipher(std::move(gcm), key, {.nonce_octets = nonce_size(transform)}));
}

std::unique_ptr<Mac> make_gmac(CipherAlgorithm gcm, OctetView key_and_salt,
                               const IntegrityTransform& transform) {
  const OctetView key = key_and_salt.first(transform.key_octets);
  return std::make_unique<Gmac>(KeyedCipher(std::move(gcm), key, {.nonce_octets = 12}),
                                SecretOctets(key_and_salt.subspan(transform.key_octets)));
}

}  // namespace mpsec::crypto::evp
