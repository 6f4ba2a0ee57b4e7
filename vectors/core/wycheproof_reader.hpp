// Reader of Project Wycheproof's JSON (any version: "numberOfTests" and "testGroups").
#pragma once

#include <string>

#include "vectors/core/case.hpp"
#include "vectors/core/json.hpp"

namespace mpsec::vectors {

// True if the document has Wycheproof's shape.
bool looks_like_wycheproof(const Json& document);

// The cases of one document: AEADs, HMAC, AES-CMAC, AES-GMAC, AES-CBC (which Wycheproof has with PKCS #5
// padding), key agreement (as points, raw or in ASN.1) and signatures. Algorithms that IPsec has no transform
// with, and keys in other forms, are counted as NotRunnable. Members that we do not know are passed over:
// they are Wycheproof's to add.
VectorFile read_wycheproof(const Json& document, std::string name);

}  // namespace mpsec::vectors
