// A gateway's file: all that is wrong has a place in it, and what is read passes the engine's own checks.
// depends: gateway_settings crypto_openssl fuzz_support
#include "crypto/openssl/openssl_pki.hpp"
#include "support/settings_law.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* octets, std::size_t size) {
  static const auto pki = mpsec::crypto::make_openssl_pki();
  mpsec::fuzz::require_settings_law({reinterpret_cast<const char*>(octets), size}, *pki);
  return 0;
}
