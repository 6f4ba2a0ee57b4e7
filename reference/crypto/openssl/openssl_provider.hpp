// The portable provider: libcrypto's EVP interface.
#pragma once

#include <memory>

#include "base/rng.hpp"
#include "crypto/provider.hpp"

namespace mpsec::crypto {

// AES-GCM, CCM, ChaCha20-Poly1305 (their implicit-IV forms too), GMAC, AES-CBC, AES-CTR, 3DES, NULL; HMAC,
// AES-XCBC-96, AES-CMAC-96. A legacy algorithm that the installed libcrypto refuses is "not supported".
std::unique_ptr<Provider> make_openssl_provider();

// Unpredictable octets from libcrypto's generator.
std::unique_ptr<Rng> make_openssl_rng();

}  // namespace mpsec::crypto
