// One computation by two providers, which must not differ.
#pragma once

#include "base/octets.hpp"
#include "crypto/provider.hpp"

namespace mpsec::fuzz {

// `input` says what to compute: one octet each for the transform (encryption before integrity), the key size,
// the length of the associated data (or of a trailer), how many equal jobs make the batch, and the seed of
// key and nonce; the rest is the text. Requires that both providers give the same octets, and that each opens
// what the other sealed and refuses it with one octet changed.
void compare_providers(const crypto::Provider& one, const crypto::Provider& other, OctetView input);

}  // namespace mpsec::fuzz
