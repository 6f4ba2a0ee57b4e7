// Two providers compute the same; and each opens what the other sealed, but nothing that was changed.
// depends: crypto_openssl crypto_ipsec_mb fuzz_support
#include "crypto/ipsec_mb/ipsec_mb_provider.hpp"
#include "crypto/openssl/openssl_provider.hpp"
#include "support/provider_difference.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* octets, std::size_t size) {
  using namespace mpsec::crypto;
  static const auto portable = make_openssl_provider();
  static const auto fast = make_ipsec_mb_provider();
  // Without a second provider, the first must at least agree with itself.
  mpsec::fuzz::compare_providers(*portable, fast ? *fast : *portable, {octets, size});
  return 0;
}
