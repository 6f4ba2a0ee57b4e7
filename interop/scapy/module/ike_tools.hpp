// What the parts of the module that compute for IKE share.
#pragma once

#include "bind.hpp"
#include "crypto/ike_provider.hpp"
#include "ike/suite.hpp"

namespace mpsec::python {

// OpenSSL's, made on first use.
const crypto::IkeProvider& ike_provider();

// The line of a PRF's IANA name, with or without its prefix.
const crypto::PrfTransform& prf_named(const std::string& name);

// The protection of IKE messages, or of a child, by IANA names; the cipher's key size in bits, 0 where it has
// but one or `key_octets` (salt included) tells. An empty integrity is none.
ike::Protection protection_named(const std::string& encryption, std::size_t key_bits, std::size_t key_octets,
                                 const std::string& integrity);

}  // namespace mpsec::python
