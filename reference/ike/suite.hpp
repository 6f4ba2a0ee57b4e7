// The algorithms of one IKE SA or Child SA, after the negotiation: lines of the registries that fit each
// other.
#pragma once

#include <optional>
#include <string>

#include "crypto/key_exchange.hpp"
#include "crypto/prf.hpp"
#include "crypto/transforms.hpp"

namespace mpsec::ike {

// What one direction is encrypted and authenticated with, and how much keying material that takes.
struct Protection {
  const crypto::EncryptionTransform* encryption = nullptr;  // null: none (AH)
  std::size_t cipher_key_octets = 0;                        // without the salt
  const crypto::IntegrityTransform* integrity = nullptr;    // null: none, or the encryption's own

  // Key and then salt, as taken from the stream (RFC 4106 8.1, RFC 3686 5, RFC 5282 7.1).
  std::size_t encryption_octets() const {
    return encryption == nullptr ? 0 : cipher_key_octets + encryption->salt_octets;
  }
  // A GMAC's salt follows its key (RFC 4543 5.3).
  std::size_t integrity_octets() const {
    return integrity == nullptr ? 0 : std::size_t{integrity->key_octets} + integrity->salt_octets;
  }
  bool operator==(const Protection&) const = default;
};

// Of an IKE SA.
struct Suite {
  Protection protection;
  const crypto::PrfTransform* prf = nullptr;
  const crypto::KeyExchangeTransform* key_exchange = nullptr;

  bool operator==(const Suite&) const = default;
};

// The numbers of a suite as SA payloads carry them.
struct ProtectionChoice {
  std::optional<crypto::EncryptionId> encryption;
  std::optional<std::uint16_t> key_bits;  // the Key Length attribute, absent for keys of one size
  std::optional<crypto::IntegrityId> integrity;
};

struct SuiteChoice {
  ProtectionChoice protection;
  crypto::PrfId prf{};
  crypto::KeyExchangeId key_exchange{};
};

// What SK payloads can be protected with: an AEAD, or a cipher and an integrity algorithm; never NULL, never
// without integrity, no implicit IV. Fails (no_common_ground) saying which part does not fit and why.
Result<Protection> ike_protection(const ProtectionChoice& choice);
// With a pseudorandom function and a key exchange that can be computed here.
Result<Suite> ike_suite(const SuiteChoice& choice);

// ESP: an AEAD without integrity, or a cipher with or without; never NULL without integrity.
Result<Protection> esp_protection(const ProtectionChoice& choice);
// AH: integrity alone.
Result<Protection> ah_protection(const ProtectionChoice& choice);

// "ENCR_AES_GCM_16-128/PRF_HMAC_SHA2_256/Curve25519", with the integrity algorithm where there is one.
std::string to_string(const Protection& protection);
std::string to_string(const Suite& suite);

}  // namespace mpsec::ike
