// Signatures in the files of others: what each form calls scheme, hash, key and signature.
#pragma once

#include <optional>

#include "vectors/core/case.hpp"
#include "vectors/core/cavp_text.hpp"
#include "vectors/core/json.hpp"

namespace mpsec::vectors {

// Bits of "SHA-256", "SHA256", "SHA-1"; nothing for hashes that no signature of IKE is over.
std::optional<std::size_t> signature_hash(std::string_view name);

// What the group of a Wycheproof document says of all its tests: key, scheme and hash, message and signature
// empty; or why they are not run. Nothing if `algorithm` and `schema` are not of signatures.
std::optional<Body> wycheproof_signature_group(std::string_view algorithm, std::string_view schema,
                                               Fields& group);
bool is_wycheproof_signature(std::string_view algorithm, std::string_view schema);

// One record of FIPS 186's SigVer and SigGen. `salt_octets` as the header says, where the record does not.
Body cavp_ecdsa(CavpRecord& record);
Body cavp_rsa(CavpRecord& record, SignatureCase::Scheme scheme, std::optional<std::size_t> salt_octets);

}  // namespace mpsec::vectors
