// libcrypto's objects for IKE's share of the work, and the makers of that share. Private to this folder.
#pragma once

#include <expected>
#include <memory>
#include <openssl/bn.h>
#include <openssl/ec.h>
#include <openssl/evp.h>

#include "base/rng.hpp"
#include "base/secret.hpp"
#include "crypto/ike_provider.hpp"
#include "crypto/openssl/evp.hpp"

namespace mpsec::crypto::evp {

using Number = std::unique_ptr<BIGNUM, Release<BN_clear_free>>;
using NumberContext = std::unique_ptr<BN_CTX, Release<BN_CTX_free>>;
using Montgomery = std::unique_ptr<BN_MONT_CTX, Release<BN_MONT_CTX_free>>;
using Group = std::shared_ptr<EC_GROUP>;
using Point = std::unique_ptr<EC_POINT, Release<EC_POINT_clear_free>>;
using Key = std::unique_ptr<EVP_PKEY, Release<EVP_PKEY_free>>;
using KeyContext = std::unique_ptr<EVP_PKEY_CTX, Release<EVP_PKEY_CTX_free>>;

// `octets` read big-endian; marked as secret, so that libcrypto takes its constant-time ways.
Number secret_number(OctetView octets);
Number number(OctetView octets);
// Big-endian in exactly out.size() octets.
void write_number(const BIGNUM* number, MutableOctets out);
// A number from 1 to `bound` - 1, drawn from `rng` by rejection, so without bias.
Number random_below(const BIGNUM* bound, Rng& rng);

using Pair = std::unique_ptr<KeyExchange>;

// A MODP group: prime, generator, order of the subgroup where it is a small one, all with their
// precomputations.
class ModpGroup;
std::shared_ptr<const ModpGroup> make_modp_group(const KeyExchangeTransform& transform);
Pair make_modp_pair(std::shared_ptr<const ModpGroup> group, Rng& rng);
// Null where the private value is not in the group's range, and so below.
Pair make_modp_pair(std::shared_ptr<const ModpGroup> group, OctetView private_value);

// Null where libcrypto has no such curve.
Group make_ecp_group(const KeyExchangeTransform& transform);
Pair make_ecp_pair(const Group& group, const KeyExchangeTransform& transform, Rng& rng);
Pair make_ecp_pair(const Group& group, const KeyExchangeTransform& transform, OctetView private_value);

bool has_montgomery(const KeyExchangeTransform& transform);
Pair make_montgomery_pair(const KeyExchangeTransform& transform, Rng& rng);
Pair make_montgomery_pair(const KeyExchangeTransform& transform, OctetView private_value);

std::unique_ptr<Prf> make_hmac_prf(const DigestAlgorithm& digest, OctetView key);
// `id` is aes_xcbc_96 or aes_cmac_96.
std::unique_ptr<Prf> make_cbc_mac_prf(const CipherAlgorithm& aes_128_cbc, IntegrityId id, OctetView key);

}  // namespace mpsec::crypto::evp
