// Diffie-Hellman on the curves over prime fields of RFC 5903, RFC 5114 and RFC 6954. The same multiplications
// as behind EVP, without its keys in parameters: those cost more than a tenth of a P-256 multiplication.
#include <openssl/err.h>
#include <openssl/obj_mac.h>

#include "crypto/openssl/evp_ike.hpp"

namespace mpsec::crypto::evp {
namespace {

struct Curve {
  KeyExchangeId id;
  int nid;
};

constexpr Curve curves[] = {
    {KeyExchangeId::ecp_192, NID_X9_62_prime192v1},
    {KeyExchangeId::ecp_224, NID_secp224r1},
    {KeyExchangeId::ecp_256, NID_X9_62_prime256v1},
    {KeyExchangeId::ecp_384, NID_secp384r1},
    {KeyExchangeId::ecp_521, NID_secp521r1},
    {KeyExchangeId::brainpool_p224r1, NID_brainpoolP224r1},
    {KeyExchangeId::brainpool_p256r1, NID_brainpoolP256r1},
    {KeyExchangeId::brainpool_p384r1, NID_brainpoolP384r1},
    {KeyExchangeId::brainpool_p512r1, NID_brainpoolP512r1},
};

class EcpPair final : public KeyExchange {
 public:
  EcpPair(Group group, const KeyExchangeTransform& transform, Number scalar)
      : group_(std::move(group)),
        transform_(&transform),
        scalar_(std::move(scalar)),
        work_(BN_CTX_secure_new()),
        public_value_(transform.public_octets) {
    const Point own(EC_POINT_new(group_.get()));
    const Number x(BN_new()), y(BN_new());
    must(work_ && own && x && y &&
             EC_POINT_mul(group_.get(), own.get(), scalar_.get(), nullptr, nullptr, work_.get()) == 1 &&
             EC_POINT_get_affine_coordinates(group_.get(), own.get(), x.get(), y.get(), work_.get()) == 1,
         "a public point");
    //= rfc5903/7/public-value-is-x-then-y
    const MutableOctets octets = public_value_;
    write_number(x.get(), octets.first(transform.shared_octets));
    write_number(y.get(), octets.subspan(transform.shared_octets));
  }

  const KeyExchangeTransform& transform() const noexcept override { return *transform_; }
  OctetView public_value() const noexcept override { return public_value_; }

  std::expected<SecretOctets, PublicValueFault> shared_secret(OctetView peer_public) noexcept override {
    if (peer_public.size() != public_value_.size()) return std::unexpected(PublicValueFault::wrong_length);
    const auto peer = point_of(peer_public);
    if (!peer) return std::unexpected(peer.error());
    const Point common(EC_POINT_new(group_.get()));
    const Number x(BN_secure_new());
    must(
        common && x &&
            EC_POINT_mul(group_.get(), common.get(), nullptr, peer->get(), scalar_.get(), work_.get()) == 1 &&
            EC_POINT_get_affine_coordinates(group_.get(), common.get(), x.get(), nullptr, work_.get()) == 1,
        "a common point");
    //= rfc5903/7/shared-secret-is-x-alone
    SecretOctets secret(transform_->shared_octets);
    write_number(x.get(), secret.writable());
    return secret;
  }

 private:
  //= rfc6989/2.3/point-satisfies-the-curve-equation
  std::expected<Point, PublicValueFault> point_of(OctetView peer_public) noexcept {
    const Number x = number(peer_public.first(transform_->shared_octets));
    const Number y = number(peer_public.subspan(transform_->shared_octets));
    // libcrypto would reduce coordinates silently, and so take two spellings of one point.
    const BIGNUM* prime = EC_GROUP_get0_field(group_.get());
    if (BN_cmp(x.get(), prime) >= 0 || BN_cmp(y.get(), prime) >= 0)
      return std::unexpected(PublicValueFault::out_of_range);
    Point point(EC_POINT_new(group_.get()));
    must(point != nullptr, "a point");
    ERR_set_mark();
    const bool on_curve =
        EC_POINT_set_affine_coordinates(group_.get(), point.get(), x.get(), y.get(), work_.get()) == 1;
    ERR_pop_to_mark();
    if (!on_curve) return std::unexpected(PublicValueFault::off_curve);
    return point;
  }

  Group group_;
  const KeyExchangeTransform* transform_;
  Number scalar_;
  NumberContext work_;
  Octets public_value_;
};

}  // namespace

Group make_ecp_group(const KeyExchangeTransform& transform) {
  for (const Curve& curve : curves) {
    if (curve.id != transform.id) continue;
    ERR_set_mark();
    Group group(EC_GROUP_new_by_curve_name(curve.nid), Release<EC_GROUP_free>());
    ERR_pop_to_mark();
    return group;
  }
  return nullptr;
}

Pair make_ecp_pair(const Group& group, const KeyExchangeTransform& transform, Rng& rng) {
  return std::make_unique<EcpPair>(group, transform, random_below(EC_GROUP_get0_order(group.get()), rng));
}

Pair make_ecp_pair(const Group& group, const KeyExchangeTransform& transform, OctetView private_value) {
  Number scalar = secret_number(private_value);
  if (BN_is_zero(scalar.get()) || BN_cmp(scalar.get(), EC_GROUP_get0_order(group.get())) >= 0) return nullptr;
  return std::make_unique<EcpPair>(group, transform, std::move(scalar));
}

}  // namespace mpsec::crypto::evp
