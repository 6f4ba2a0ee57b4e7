// Keys, signatures and certificates over libcrypto.
#pragma once

#include <memory>

#include "crypto/certificate.hpp"

namespace mpsec::crypto {

std::unique_ptr<PkiProvider> make_openssl_pki();

}  // namespace mpsec::crypto
