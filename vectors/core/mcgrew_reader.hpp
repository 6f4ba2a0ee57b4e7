// Reader of the ESP cases of draft-mcgrew-gcm-test-01 as JSON: AES-GCM (RFC 4106) and GMAC (RFC 4543) with
// the associated data that ESP gives them, SPI and sequence number, 32 bits or extended.
#pragma once

#include <string>

#include "vectors/core/case.hpp"
#include "vectors/core/json.hpp"

namespace mpsec::vectors {

bool looks_like_mcgrew(const Json& document);

// Two cases a vector: the encryption alone, and the ESP packet behind an IPv4 header of ours. The lengths
// that the associated data must have, and the ESP trailer at the plaintext's end, are checked against what
// the file says of them.
VectorFile read_mcgrew(const Json& document, std::string name);

}  // namespace mpsec::vectors
