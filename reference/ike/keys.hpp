// The keys of IKE SAs and Child SAs, from the nonces and the shared secret (RFC 7296 2.13, 2.14, 2.17, 2.18).
#pragma once

#include <cstdint>

#include "base/secret.hpp"
#include "crypto/ike_provider.hpp"
#include "ike/suite.hpp"
#include "ike/types.hpp"

namespace mpsec::ike {

// Ni and Nr without their payload headers.
struct Nonces {
  OctetView initiator;
  OctetView responder;
};

// In the order in which they are taken from the stream. SK_e* holds the salt behind the key; SK_a* is empty
// under an AEAD (RFC 5282 7.1).
struct IkeKeys {
  SecretOctets d;
  SecretOctets ai;
  SecretOctets ar;
  SecretOctets ei;
  SecretOctets er;
  SecretOctets pi;
  SecretOctets pr;

  IkeKeys clone() const;
};

// Of one direction of a Child SA. `encryption` holds the salt behind the key.
struct ChildKeys {
  SecretOctets encryption;
  SecretOctets integrity;
};

// Of both directions, named after the initiator of the exchange that made the Child SA.
struct ChildKeyPair {
  ChildKeys initiator_to_responder;
  ChildKeys responder_to_initiator;
};

// prf(Ni | Nr, g^ir): of the first exchange.
Result<SecretOctets> skeyseed(const crypto::IkeProvider& provider, const crypto::PrfTransform& prf,
                              const Nonces& nonces, OctetView shared_secret);
// prf(SK_d, g^ir (new) | Ni | Nr): of a rekeying, `prf` and `sk_d` being those of the old IKE SA; and of each
// further key exchange (RFC 9370 2.2.2), where they are those of the exchange before.
Result<SecretOctets> skeyseed_of_rekey(const crypto::IkeProvider& provider, const crypto::PrfTransform& prf,
                                       OctetView sk_d, const Nonces& nonces, OctetView shared_secret);
// The seven keys from SKEYSEED under the PRF of the (new) IKE SA.
Result<IkeKeys> expand(const crypto::IkeProvider& provider, const Suite& suite, OctetView skeyseed,
                       const Nonces& nonces, const IkeSpis& spis);

// Both steps in one.
Result<IkeKeys> derive_ike_keys(const crypto::IkeProvider& provider, const Suite& suite, const Nonces& nonces,
                                OctetView shared_secret, const IkeSpis& spis);
// `spis` are those of the new IKE SA, out of the proposals.
Result<IkeKeys> derive_rekeyed_ike_keys(const crypto::IkeProvider& provider,
                                        const crypto::PrfTransform& old_prf, OctetView old_sk_d,
                                        const Suite& suite, const Nonces& nonces, OctetView shared_secret,
                                        const IkeSpis& spis);

// The first `octets` of KEYMAT; `shared_secret` is empty without perfect forward secrecy.
Result<SecretOctets> keymat(const crypto::IkeProvider& provider, const crypto::PrfTransform& prf,
                            OctetView sk_d, OctetView shared_secret, const Nonces& nonces,
                            std::size_t octets);
Result<ChildKeyPair> derive_child_keys(const crypto::IkeProvider& provider, const crypto::PrfTransform& prf,
                                       OctetView sk_d, OctetView shared_secret, const Nonces& nonces,
                                       const Protection& child);

}  // namespace mpsec::ike
