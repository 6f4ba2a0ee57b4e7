// depends: base crypto_ipsec_mb OpenSSL::Crypto
#include "support/crypto_floor.hpp"

#include <algorithm>
#include <cstdlib>
#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/params.h>

#include "base/rng.hpp"
#include "support/crypto_floor_ipsec_mb.hpp"

namespace mpsec::bench {
namespace {

void must(int done) {
  if (done != 1) std::abort();
}

struct ReleaseContext {
  void operator()(EVP_CIPHER_CTX* context) const noexcept { EVP_CIPHER_CTX_free(context); }
};
using Context = std::unique_ptr<EVP_CIPHER_CTX, ReleaseContext>;

Context keyed(const char* name, OctetView key, bool encrypt) {
  Context context(EVP_CIPHER_CTX_new());
  EVP_CIPHER* cipher = EVP_CIPHER_fetch(nullptr, name, nullptr);
  must(EVP_CipherInit_ex2(context.get(), cipher, key.data(), nullptr, encrypt ? 1 : 0, nullptr));
  EVP_CIPHER_free(cipher);
  return context;
}

class OpensslFloor final : public Floor {
 public:
  OpensslFloor(const char* name, OctetView key)
      : sealing_(keyed(name, key, true)), opening_(keyed(name, key, false)) {}

  void seal(std::span<const FloorPacket> packets) noexcept override {
    EVP_CIPHER_CTX* context = sealing_.get();
    for (const FloorPacket& packet : packets) {
      int passed = 0;
      OSSL_PARAM tag[] = {OSSL_PARAM_construct_octet_string(OSSL_CIPHER_PARAM_AEAD_TAG, packet.icv, 16),
                          OSSL_PARAM_construct_end()};
      must(EVP_EncryptInit_ex2(context, nullptr, nullptr, packet.nonce, nullptr));
      must(EVP_EncryptUpdate(context, nullptr, &passed, packet.associated.data(),
                             static_cast<int>(packet.associated.size())));
      must(EVP_EncryptUpdate(context, packet.text.data(), &passed, packet.text.data(),
                             static_cast<int>(packet.text.size())));
      must(EVP_EncryptFinal_ex(context, packet.text.data(), &passed));
      must(EVP_CIPHER_CTX_get_params(context, tag));
    }
  }

  bool open(std::span<const FloorPacket> packets) noexcept override {
    EVP_CIPHER_CTX* context = opening_.get();
    int authentic = 1;
    for (const FloorPacket& packet : packets) {
      int passed = 0;
      const OSSL_PARAM tag[] = {OSSL_PARAM_construct_octet_string(OSSL_CIPHER_PARAM_AEAD_TAG, packet.icv, 16),
                                OSSL_PARAM_construct_end()};
      must(EVP_DecryptInit_ex2(context, nullptr, nullptr, packet.nonce, tag));
      must(EVP_DecryptUpdate(context, nullptr, &passed, packet.associated.data(),
                             static_cast<int>(packet.associated.size())));
      must(EVP_DecryptUpdate(context, packet.text.data(), &passed, packet.text.data(),
                             static_cast<int>(packet.text.size())));
      authentic &= EVP_DecryptFinal_ex(context, packet.text.data(), &passed);
    }
    return authentic == 1;
  }

 private:
  Context sealing_;
  Context opening_;
};

const char* openssl_name(FloorAlgorithm algorithm) {
  switch (algorithm) {
    case FloorAlgorithm::aes_128_gcm_16:
      return "AES-128-GCM";
    case FloorAlgorithm::aes_256_gcm_16:
      return "AES-256-GCM";
    case FloorAlgorithm::chacha20_poly1305:
      return "ChaCha20-Poly1305";
  }
  std::abort();
}

}  // namespace

std::string_view to_string(FloorAlgorithm algorithm) {
  switch (algorithm) {
    case FloorAlgorithm::aes_128_gcm_16:
      return "AES-128-GCM-16";
    case FloorAlgorithm::aes_256_gcm_16:
      return "AES-256-GCM-16";
    case FloorAlgorithm::chacha20_poly1305:
      return "ChaCha20-Poly1305";
  }
  return "unknown";
}

std::unique_ptr<Floor> make_floor(FloorLibrary library, crypto::Tier tier, FloorAlgorithm algorithm,
                                  OctetView key) {
  if (library == FloorLibrary::ipsec_mb) return make_ipsec_mb_floor(tier, algorithm, key);
  return std::make_unique<OpensslFloor>(openssl_name(algorithm), key);
}

FloorBatch::FloorBatch(Floor& floor, std::size_t packets, std::size_t text_octets,
                       std::size_t associated_octets)
    : nonces_(packets * 12),
      associated_(packets * associated_octets),
      texts_(packets * text_octets),
      icvs_(packets * 16) {
  SeededRng rng(packets + text_octets);
  for (Octets* octets : {&nonces_, &associated_, &texts_})
    rng.fill(*octets);
  for (std::size_t i = 0; i < packets; ++i)
    packets_.push_back({.nonce = nonces_.data() + i * 12,
                        .associated = {associated_.data() + i * associated_octets, associated_octets},
                        .text = {texts_.data() + i * text_octets, text_octets},
                        .icv = icvs_.data() + i * 16});
  floor.seal(packets_);
  sealed_texts_ = texts_;
  sealed_icvs_ = icvs_;
}

void FloorBatch::restore() {
  std::ranges::copy(sealed_texts_, texts_.begin());
  std::ranges::copy(sealed_icvs_, icvs_.begin());
}

}  // namespace mpsec::bench
