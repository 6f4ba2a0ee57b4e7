// The algorithms that only encrypt, on EVP.
#include <cstring>

#include "crypto/openssl/evp.hpp"

namespace mpsec::crypto::evp {
namespace {

template <auto init, auto update>
bool pass(EVP_CIPHER_CTX* context, const std::uint8_t* iv, MutableOctets text) noexcept {
  int passed = 0;
  return init(context, nullptr, nullptr, iv, nullptr) == 1 &&
         (text.empty() ||
          update(context, text.data(), &passed, text.data(), static_cast<int>(text.size())) == 1);
}

// AES-CBC and 3DES-CBC.
class Cbc final : public Cipher {
 public:
  Cbc(KeyedCipher cipher, std::uint8_t iv_octets) : cipher_(std::move(cipher)), iv_octets_(iv_octets) {}

  std::size_t iv_octets() const noexcept override { return iv_octets_; }

  void encrypt(std::span<CipherJob> jobs) noexcept override {
    EVP_CIPHER_CTX* context = cipher_.encrypting();
    for (const CipherJob& job : jobs)
      must(pass<EVP_EncryptInit_ex2, EVP_EncryptUpdate>(context, job.iv, job.text), "to encrypt");
  }

  void decrypt(std::span<CipherJob> jobs) noexcept override {
    EVP_CIPHER_CTX* context = cipher_.decrypting();
    for (const CipherJob& job : jobs)
      must(pass<EVP_DecryptInit_ex2, EVP_DecryptUpdate>(context, job.iv, job.text), "to decrypt");
  }

  std::unique_ptr<Cipher> clone() const override {
    return std::make_unique<Cbc>(cipher_.clone(), iv_octets_);
  }

 private:
  KeyedCipher cipher_;
  std::uint8_t iv_octets_;
};

// AES-CTR: one key stream, so that both directions are the same.
class Ctr final : public Cipher {
 public:
  explicit Ctr(KeyedCipher cipher) : cipher_(std::move(cipher)) {}

  std::size_t iv_octets() const noexcept override { return nonce_and_iv; }

  void encrypt(std::span<CipherJob> jobs) noexcept override {
    EVP_CIPHER_CTX* context = cipher_.encrypting();
    for (const CipherJob& job : jobs) {
      //= rfc3686/4/counter-block-begins-at-one
      std::uint8_t block[16] = {};
      std::memcpy(block, job.iv, nonce_and_iv);
      block[15] = 1;
      must(pass<EVP_EncryptInit_ex2, EVP_EncryptUpdate>(context, block, job.text), "to encrypt");
    }
  }

  void decrypt(std::span<CipherJob> jobs) noexcept override { encrypt(jobs); }

  std::unique_ptr<Cipher> clone() const override { return std::make_unique<Ctr>(cipher_.clone()); }

 private:
  static constexpr std::size_t nonce_and_iv = 12;

  KeyedCipher cipher_;
};

}  // namespace

std::unique_ptr<Cipher> make_cbc(CipherAlgorithm cbc, OctetView key, const EncryptionTransform& transform) {
  return std::make_unique<Cbc>(KeyedCipher(std::move(cbc), key, {}), transform.iv_octets);
}

std::unique_ptr<Cipher> make_ctr(CipherAlgorithm ctr, OctetView key) {
  return std::make_unique<Ctr>(KeyedCipher(std::move(ctr), key, {}));
}

}  // namespace mpsec::crypto::evp
