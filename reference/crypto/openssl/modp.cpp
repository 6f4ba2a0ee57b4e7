// Diffie-Hellman in the multiplicative groups of RFC 7296 B, RFC 3526 and RFC 5114. EVP would take the same
// exponentiations, but draws private values from libcrypto's own generator.
#include <openssl/core_names.h>

#include "crypto/openssl/evp_ike.hpp"

namespace mpsec::crypto::evp {

class ModpGroup {
 public:
  const KeyExchangeTransform* transform = nullptr;
  Number prime;
  Number prime_less_one;
  Number generator;
  Number order;          // of the small subgroup; null in groups of a safe prime
  Number private_bound;  // private values are below
  Montgomery montgomery;

  // base^exponent mod p, in a time that does not depend on the exponent.
  Number power(const BIGNUM* base, const BIGNUM* exponent) const {
    const NumberContext work(BN_CTX_secure_new());
    Number result(BN_secure_new());
    must(work && result &&
             BN_mod_exp_mont_consttime(result.get(), base, exponent, prime.get(), work.get(),
                                       montgomery.get()) == 1,
         "an exponentiation");
    return result;
  }
};

namespace {

// Twice the strength of the group, at its higher estimate (RFC 3526 8, the larger exponent sizes).
struct SafePrime {
  KeyExchangeId id;
  BIGNUM* (*prime)(BIGNUM*);
  int exponent_bits;
};

constexpr SafePrime safe_primes[] = {
    {KeyExchangeId::modp_768, BN_get_rfc2409_prime_768, 160},
    {KeyExchangeId::modp_1024, BN_get_rfc2409_prime_1024, 160},
    {KeyExchangeId::modp_1536, BN_get_rfc3526_prime_1536, 240},
    {KeyExchangeId::modp_2048, BN_get_rfc3526_prime_2048, 320},
    {KeyExchangeId::modp_3072, BN_get_rfc3526_prime_3072, 420},
    {KeyExchangeId::modp_4096, BN_get_rfc3526_prime_4096, 480},
    {KeyExchangeId::modp_6144, BN_get_rfc3526_prime_6144, 540},
    {KeyExchangeId::modp_8192, BN_get_rfc3526_prime_8192, 620},
};

// The generator of all safe-prime groups is 2.
bool fill_safe_prime(ModpGroup& group) {
  for (const SafePrime& line : safe_primes) {
    if (line.id != group.transform->id) continue;
    group.prime.reset(line.prime(nullptr));
    group.generator.reset(BN_new());
    group.private_bound.reset(BN_new());
    return group.prime && BN_set_word(group.generator.get(), 2) == 1 &&
           BN_set_bit(group.private_bound.get(), line.exponent_bits) == 1;
  }
  return false;
}

// libcrypto keeps RFC 5114's groups behind names; their numbers come out of a key of parameters only.
bool fill_subgroup(ModpGroup& group) {
  const char* name = group.transform->id == KeyExchangeId::modp_1024_160   ? "dh_1024_160"
                     : group.transform->id == KeyExchangeId::modp_2048_224 ? "dh_2048_224"
                                                                           : "dh_2048_256";
  const KeyContext context(EVP_PKEY_CTX_new_from_name(nullptr, "DHX", nullptr));
  OSSL_PARAM parameters[] = {
      OSSL_PARAM_construct_utf8_string(OSSL_PKEY_PARAM_GROUP_NAME, const_cast<char*>(name), 0),
      OSSL_PARAM_construct_end()};
  EVP_PKEY* made = nullptr;
  if (!context || EVP_PKEY_paramgen_init(context.get()) != 1 ||
      EVP_PKEY_CTX_set_params(context.get(), parameters) != 1 || EVP_PKEY_generate(context.get(), &made) != 1)
    return false;
  const Key key(made);
  const auto take = [&key](const char* parameter, Number& into) {
    BIGNUM* taken = nullptr;
    const bool done = EVP_PKEY_get_bn_param(key.get(), parameter, &taken) == 1;
    into.reset(taken);
    return done;
  };
  if (!take(OSSL_PKEY_PARAM_FFC_P, group.prime) || !take(OSSL_PKEY_PARAM_FFC_G, group.generator) ||
      !take(OSSL_PKEY_PARAM_FFC_Q, group.order))
    return false;
  group.private_bound.reset(BN_dup(group.order.get()));
  return group.private_bound != nullptr;
}

class ModpPair final : public KeyExchange {
 public:
  ModpPair(std::shared_ptr<const ModpGroup> group, Number private_value)
      : group_(std::move(group)),
        private_value_(std::move(private_value)),
        public_value_(group_->transform->public_octets) {
    write_number(group_->power(group_->generator.get(), private_value_.get()).get(), public_value_);
  }

  const KeyExchangeTransform& transform() const noexcept override { return *group_->transform; }
  OctetView public_value() const noexcept override { return public_value_; }

  std::expected<SecretOctets, PublicValueFault> shared_secret(OctetView peer_public) noexcept override {
    //= rfc7296/3.4/modp-value-has-the-length-of-the-modulus
    if (peer_public.size() != public_value_.size()) return std::unexpected(PublicValueFault::wrong_length);
    const Number peer = number(peer_public);
    if (const auto fault = fault_of(peer.get())) return std::unexpected(*fault);
    const Number power = group_->power(peer.get(), private_value_.get());
    //= rfc7296/2.14/shared-secret-padded-to-the-modulus
    SecretOctets secret(group_->transform->shared_octets);
    write_number(power.get(), secret.writable());
    return secret;
  }

 private:
  std::optional<PublicValueFault> fault_of(const BIGNUM* peer) const noexcept {
    //= rfc6989/2.1/public-value-between-1-and-p-minus-1
    if (BN_cmp(peer, BN_value_one()) <= 0 || BN_cmp(peer, group_->prime_less_one.get()) >= 0)
      return PublicValueFault::out_of_range;
    //= rfc8247/2.4/order-always-checked-in-groups-23-and-24
    if (group_->order && !BN_is_one(group_->power(peer, group_->order.get()).get()))
      return PublicValueFault::wrong_order;
    return std::nullopt;
  }

  std::shared_ptr<const ModpGroup> group_;
  Number private_value_;
  Octets public_value_;
};

}  // namespace

std::shared_ptr<const ModpGroup> make_modp_group(const KeyExchangeTransform& transform) {
  auto group = std::make_shared<ModpGroup>();
  group->transform = &transform;
  const bool filled =
      transform.kind == KeyExchangeKind::modp_safe ? fill_safe_prime(*group) : fill_subgroup(*group);
  if (!filled) return nullptr;
  const NumberContext work(BN_CTX_new());
  group->prime_less_one.reset(BN_dup(group->prime.get()));
  group->montgomery.reset(BN_MONT_CTX_new());
  must(work && group->prime_less_one && group->montgomery &&
           BN_sub_word(group->prime_less_one.get(), 1) == 1 &&
           BN_MONT_CTX_set(group->montgomery.get(), group->prime.get(), work.get()) == 1,
       "a MODP group");
  return group;
}

Pair make_modp_pair(std::shared_ptr<const ModpGroup> group, Rng& rng) {
  Number private_value = random_below(group->private_bound.get(), rng);
  return std::make_unique<ModpPair>(std::move(group), std::move(private_value));
}

Pair make_modp_pair(std::shared_ptr<const ModpGroup> group, OctetView private_value) {
  Number exponent = secret_number(private_value);
  if (BN_is_zero(exponent.get()) || BN_cmp(exponent.get(), group->prime_less_one.get()) >= 0) return nullptr;
  return std::make_unique<ModpPair>(std::move(group), std::move(exponent));
}

}  // namespace mpsec::crypto::evp
