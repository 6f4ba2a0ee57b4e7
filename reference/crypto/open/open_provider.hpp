// A provider without secrecy: texts pass unchanged, and an integrity check value is a checksum that
// anyone can compute. For fuzzing past the crypto wall and for readable transcripts only.
#pragma once

#include <memory>

#include "crypto/provider.hpp"

namespace mpsec::crypto {

// Supports every transform of the registry that has a known shape, under the same sizes of keys,
// nonces, IVs and check values as the real one, so that the octets on the wire keep their layout.
std::unique_ptr<Provider> make_open_provider();

}  // namespace mpsec::crypto
