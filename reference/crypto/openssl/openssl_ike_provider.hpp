// IKE's cryptography over libcrypto.
#pragma once

#include <memory>

#include "crypto/ike_provider.hpp"

namespace mpsec::crypto {

// All pseudorandom functions and key exchange methods that the registry calls usable and the installed
// libcrypto, in its configuration, has.
std::unique_ptr<IkeProvider> make_openssl_ike_provider();

}  // namespace mpsec::crypto
