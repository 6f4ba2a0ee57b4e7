// x25519 and x448 (RFC 7748) as RFC 8031 uses them.
#include <openssl/err.h>

#include "crypto/openssl/evp_ike.hpp"

namespace mpsec::crypto::evp {
namespace {

int type_of(const KeyExchangeTransform& transform) {
  return transform.id == KeyExchangeId::curve25519 ? EVP_PKEY_X25519 : EVP_PKEY_X448;
}

class MontgomeryPair final : public KeyExchange {
 public:
  MontgomeryPair(const KeyExchangeTransform& transform, OctetView private_value)
      : transform_(&transform),
        key_(EVP_PKEY_new_raw_private_key(type_of(transform), nullptr, private_value.data(),
                                          private_value.size())),
        public_value_(transform.public_octets) {
    std::size_t octets = public_value_.size();
    must(key_ && EVP_PKEY_get_raw_public_key(key_.get(), public_value_.data(), &octets) == 1,
         "a public value");
  }

  const KeyExchangeTransform& transform() const noexcept override { return *transform_; }
  OctetView public_value() const noexcept override { return public_value_; }

  std::expected<SecretOctets, PublicValueFault> shared_secret(OctetView peer_public) noexcept override {
    //= rfc8031/3.1/public-value-of-another-length-refused
    if (peer_public.size() != public_value_.size()) return std::unexpected(PublicValueFault::wrong_length);
    const Key peer(
        EVP_PKEY_new_raw_public_key(type_of(*transform_), nullptr, peer_public.data(), peer_public.size()));
    const KeyContext context(EVP_PKEY_CTX_new_from_pkey(nullptr, key_.get(), nullptr));
    must(peer && context && EVP_PKEY_derive_init(context.get()) == 1 &&
             EVP_PKEY_derive_set_peer_ex(context.get(), peer.get(), 0) == 1,
         "a peer's value");
    SecretOctets secret(transform_->shared_octets);
    std::size_t octets = secret.size();
    // libcrypto refuses nothing here but the all-zero secret; the second look does not rely on it.
    //= rfc7748/6.1/all-zero-secret-refused
    ERR_set_mark();
    const bool derived = EVP_PKEY_derive(context.get(), secret.writable().data(), &octets) == 1;
    ERR_pop_to_mark();
    std::uint8_t any = 0;
    for (const std::uint8_t octet : secret.view())
      any |= octet;
    if (!derived || any == 0) return std::unexpected(PublicValueFault::zero_secret);
    return secret;
  }

 private:
  const KeyExchangeTransform* transform_;
  Key key_;
  Octets public_value_;
};

}  // namespace

bool has_montgomery(const KeyExchangeTransform& transform) {
  ERR_set_mark();
  const KeyContext context(EVP_PKEY_CTX_new_id(type_of(transform), nullptr));
  ERR_pop_to_mark();
  return context != nullptr;
}

Pair make_montgomery_pair(const KeyExchangeTransform& transform, Rng& rng) {
  SecretOctets drawn(transform.shared_octets);
  rng.fill(drawn.writable());
  return std::make_unique<MontgomeryPair>(transform, drawn.view());
}

Pair make_montgomery_pair(const KeyExchangeTransform& transform, OctetView private_value) {
  if (private_value.size() != transform.shared_octets) return nullptr;
  return std::make_unique<MontgomeryPair>(transform, private_value);
}

}  // namespace mpsec::crypto::evp
