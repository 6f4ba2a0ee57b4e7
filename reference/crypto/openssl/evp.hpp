// libcrypto's EVP objects with owners, and the keyed contexts that the transforms are made of. Private to
// this folder.
#pragma once

#include <memory>
#include <openssl/evp.h>
#include <span>

#include "base/octets.hpp"
#include "base/secret.hpp"
#include "crypto/provider.hpp"

namespace mpsec::crypto::evp {

template <auto release>
struct Release {
  template <class T>
  void operator()(T* object) const noexcept {
    release(object);
  }
};

using CipherAlgorithm = std::shared_ptr<EVP_CIPHER>;
using DigestAlgorithm = std::shared_ptr<EVP_MD>;
using CipherContext = std::unique_ptr<EVP_CIPHER_CTX, Release<EVP_CIPHER_CTX_free>>;
using DigestContext = std::unique_ptr<EVP_MD_CTX, Release<EVP_MD_CTX_free>>;

// Null where the installed libcrypto, or its configuration, has no such algorithm.
CipherAlgorithm fetch_cipher(const char* name);
DigestAlgorithm fetch_digest(const char* name);

// Ends the program: see the contract in crypto/provider.hpp.
inline void must(bool done, std::string_view what) noexcept {
  if (!done) [[unlikely]]
    fatal("libcrypto", what);
}

enum class Direction : std::uint8_t { encrypt, decrypt };

// A key under an algorithm, with one context for each direction. A context is made at the first use of
// its direction, because an SA uses only one; from then on a packet sets nothing but its IV.
class KeyedCipher {
 public:
  struct Shape {
    std::uint8_t nonce_octets = 0;    // where it differs from the algorithm's own
    std::uint8_t ccm_icv_octets = 0;  // CCM's check value enters its first block, so its length is set ahead
  };

  KeyedCipher(CipherAlgorithm algorithm, OctetView key, Shape shape)
      : algorithm_(std::move(algorithm)), key_(key), shape_(shape) {}
  KeyedCipher clone() const { return {algorithm_, key_.view(), shape_}; }

  EVP_CIPHER_CTX* encrypting() noexcept { return ready(encrypting_, Direction::encrypt); }
  EVP_CIPHER_CTX* decrypting() noexcept { return ready(decrypting_, Direction::decrypt); }

 private:
  EVP_CIPHER_CTX* ready(CipherContext& context, Direction direction) noexcept {
    if (!context) [[unlikely]]
      context = keyed_context(direction);
    return context.get();
  }
  CipherContext keyed_context(Direction direction) const noexcept;

  CipherAlgorithm algorithm_;
  SecretOctets key_;
  Shape shape_;
  CipherContext encrypting_;
  CipherContext decrypting_;
};

// The makers of keyed objects; keys are of the right size and algorithms not null.
std::unique_ptr<Aead> make_stream_aead(CipherAlgorithm gcm_or_chacha, OctetView key,
                                       const EncryptionTransform&);
std::unique_ptr<Aead> make_ccm(CipherAlgorithm ccm, OctetView key, const EncryptionTransform&);
std::unique_ptr<Aead> make_gmac_aead(CipherAlgorithm gcm, OctetView key, const EncryptionTransform&);
std::unique_ptr<Mac> make_gmac(CipherAlgorithm gcm, OctetView key_and_salt, const IntegrityTransform&);
std::unique_ptr<Cipher> make_cbc(CipherAlgorithm cbc, OctetView key, const EncryptionTransform&);
std::unique_ptr<Cipher> make_ctr(CipherAlgorithm ctr, OctetView key);
std::unique_ptr<Mac> make_hmac(DigestAlgorithm digest, OctetView key, const IntegrityTransform&);
std::unique_ptr<Mac> make_cbc_mac(CipherAlgorithm aes_128_cbc, OctetView key, const IntegrityTransform&);

}  // namespace mpsec::crypto::evp
