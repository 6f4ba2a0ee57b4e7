#include "crypto/openssl/evp.hpp"

#include <openssl/err.h>

namespace mpsec::crypto::evp {

CipherAlgorithm fetch_cipher(const char* name) {
  ERR_set_mark();
  CipherAlgorithm algorithm(EVP_CIPHER_fetch(nullptr, name, nullptr), Release<EVP_CIPHER_free>());
  ERR_pop_to_mark();
  return algorithm;
}

DigestAlgorithm fetch_digest(const char* name) {
  ERR_set_mark();
  DigestAlgorithm algorithm(EVP_MD_fetch(nullptr, name, nullptr), Release<EVP_MD_free>());
  ERR_pop_to_mark();
  return algorithm;
}

CipherContext KeyedCipher::keyed_context(Direction direction) const noexcept {
  const int encrypt = direction == Direction::encrypt ? 1 : 0;
  CipherContext context(EVP_CIPHER_CTX_new());
  must(
      context && EVP_CipherInit_ex2(context.get(), algorithm_.get(), nullptr, nullptr, encrypt, nullptr) == 1,
      "a cipher context");
  if (shape_.nonce_octets != 0)
    must(EVP_CIPHER_CTX_ctrl(context.get(), EVP_CTRL_AEAD_SET_IVLEN, shape_.nonce_octets, nullptr) == 1,
         "a nonce length");
  if (shape_.ccm_icv_octets != 0)
    must(EVP_CIPHER_CTX_ctrl(context.get(), EVP_CTRL_AEAD_SET_TAG, shape_.ccm_icv_octets, nullptr) == 1,
         "a check value length");
  must(EVP_CipherInit_ex2(context.get(), nullptr, key_.view().data(), nullptr, encrypt, nullptr) == 1,
       "a key");
  // Only a block cipher that decrypts would hold a block back. Where padding is off, libcrypto says so to the
  // cipher again with every IV, which costs an AEAD a tenth of its speed at 64 octets.
  if (direction == Direction::decrypt && EVP_CIPHER_get_block_size(algorithm_.get()) > 1)
    EVP_CIPHER_CTX_set_padding(context.get(), 0);
  return context;
}

}  // namespace mpsec::crypto::evp
