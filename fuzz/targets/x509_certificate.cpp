// A certificate, in DER or PEM: what parses keeps its octets, and nobody without a trust anchor is trusted.
// depends: crypto crypto_openssl
#include <algorithm>

#include "crypto/openssl/openssl_pki.hpp"
#include "support/require.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* octets, std::size_t size) {
  using namespace mpsec::crypto;
  static const auto pki = make_openssl_pki();
  static const auto store = pki->certificate_store();
  const mpsec::OctetView input(octets, size);
  const auto certificate = pki->certificate(input);
  if (!certificate) return 0;
  const auto again = pki->certificate((*certificate)->der());
  mpsec::fuzz::require(again && std::ranges::equal((*again)->der(), (*certificate)->der()), "DER is kept");
  for (const NameType type : {NameType::fqdn, NameType::rfc822_address, NameType::ipv4_address})
    (*certificate)->speaks_for(type, input.first(std::min<std::size_t>(size, 16)));
  (*certificate)->speaks_for(NameType::distinguished_name, (*certificate)->subject());
  mpsec::fuzz::require(!store->judge(**certificate, {}, 1'500'000'000), "no anchor, no trust");
  return 0;
}
