// The few structures of DER that public keys and signatures are written in, from their numbers.
#pragma once

#include <optional>
#include <string_view>

#include "base/octets.hpp"

namespace mpsec::vectors::der {

// SubjectPublicKeyInfo (RFC 5280 4.1.2.7).
Octets rsa_public_key(OctetView modulus, OctetView exponent);
// Of "P-256", "P-384" or "P-521"; nothing for another curve. Coordinates may lack leading zeros.
std::optional<Octets> ec_public_key(std::string_view curve, OctetView x, OctetView y);

// ECDSA's pair of numbers (RFC 3279 2.2.3).
Octets ecdsa_signature(OctetView r, OctetView s);

}  // namespace mpsec::vectors::der
