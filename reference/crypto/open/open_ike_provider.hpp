// IKE's cryptography without secrecy and without cost, for fuzzing past the wall of a handshake only: anyone
// who sees the two public values has the shared secret.
#pragma once

#include <memory>

#include "crypto/ike_provider.hpp"

namespace mpsec::crypto {

// Supports every transform that is not known by name only, with the sizes of the real one.
//   prf           the octets of SplitMix64 seeded with FNV-1a(key | its length | parts | their length), the
//                 lengths as eight big-endian octets
//   key exchange  the numbers modulo 2^64 under multiplication: a private value a is odd, the public value is
//                 a * g in its last eight octets behind zeros, the secret a * b * g in the same way. What
//                 stands before a peer's last eight octets is ignored; a number 0 is refused by the group's
//                 own fault
//   sha1          the first twenty octets of SplitMix64 seeded with FNV-1a(parts | their length)
std::unique_ptr<IkeProvider> make_open_ike_provider();

}  // namespace mpsec::crypto
