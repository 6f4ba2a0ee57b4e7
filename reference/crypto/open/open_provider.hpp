// A provider without secrecy: texts pass unchanged, and an integrity check value is a checksum that
// anyone can compute. For fuzzing past the crypto wall and for readable transcripts only.
#pragma once

#include <initializer_list>
#include <memory>

#include "crypto/provider.hpp"

namespace mpsec::crypto {

// Supports every transform that is not known by name only, under the same sizes of keys, nonces, IVs and
// check values as the real one, so that the octets on the wire keep their layout.
std::unique_ptr<Provider> make_open_provider();

// The check value of the open provider, so that a mutator can make it right again. `icv` is filled with the
// octets of SplitMix64 (SeededRng) seeded with h, where h is the 64-bit FNV-1a hash of the parts, each
// followed by its length as eight big-endian octets. The parts are
//   for a combined algorithm   key, nonce, associated, text
//   for an integrity algorithm key (with the salt of a GMAC), IV, text and trailer as one part
// A change of any one octet changes every check value: each step of the hash, and of SplitMix64, is a
// bijection.
void open_check_value(std::initializer_list<OctetView> parts, MutableOctets icv) noexcept;

}  // namespace mpsec::crypto
