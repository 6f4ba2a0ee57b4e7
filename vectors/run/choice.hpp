// From the words of a vector (an algorithm, sizes) to the transform of IPsec that does it.
#pragma once

#include <expected>

#include "crypto/transforms.hpp"
#include "vectors/run/outcome.hpp"

namespace mpsec::vectors {

// The transform, or why there is none: a size that IPsec does not give this algorithm.
using EncryptionChoice = std::expected<const crypto::EncryptionTransform*, Refusal>;
using IntegrityChoice = std::expected<const crypto::IntegrityTransform*, Refusal>;

// An AEAD by its ICV; its nonce and key must have sizes of the transform, unless the vector wants a wrong key
// refused, which is the provider's to do.
EncryptionChoice choose(const AeadCase& aead, const Expectation& expectation);
// A cipher by its name; IV and key as above, the plaintext must be whole blocks, and AES-CTR must count
// from 1.
EncryptionChoice choose(const CipherCase& cipher, const Expectation& expectation);
// A MAC with the ICV that the tag has; else the longest that is shorter, for its first octets; else the
// shortest, for a tag that is shorter still. HMAC takes any key that its transform's keys can stand for.
IntegrityChoice choose(const MacCase& mac, const Expectation& expectation);

// The encryption transform of a packet's SA: an algorithm and an ICV size.
EncryptionChoice choose_encryption(Algorithm algorithm, std::size_t icv_size);
// The integrity transform with exactly this ICV; GMAC by its key size.
IntegrityChoice choose_integrity(Algorithm algorithm, std::size_t icv_size, std::size_t key_size);

// The key of the transform's own size that gives the same HMAC (RFC 2104 2): a shorter one is padded with
// zeros, one longer than a block is hashed. Nothing for a size in between, which no transform key stands for.
std::optional<Octets> hmac_key(Algorithm hmac, OctetView key, const crypto::IntegrityTransform& transform);

}  // namespace mpsec::vectors
