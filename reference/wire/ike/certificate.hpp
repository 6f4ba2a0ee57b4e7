// RFC 7296 3.6: the Certificate payload.
#pragma once

#include "wire/ike/numbers.hpp"
#include "wire/schema.hpp"

namespace mpsec::wire::ike {

enum class CertificateEncoding : std::uint8_t {
  pkcs7_wrapped_x509 = 1,
  pgp = 2,
  dns_signed_key = 3,
  x509_signature = 4,
  kerberos_token = 6,
  crl = 7,
  arl = 8,
  spki = 9,
  x509_attribute = 10,
  raw_rsa_key = 11,
  hash_and_url_x509 = 12,
  hash_and_url_x509_bundle = 13,
  ocsp_content = 14,
  raw_public_key = 15,
};

// | Cert Encoding |                                               |
// ~                       Certificate Data                        ~
struct Certificate {
  static constexpr std::string_view name = "CERT", clause = "RFC 7296 3.6";

  CertificateEncoding encoding = CertificateEncoding::x509_signature;
  Octets data{};

  bool operator==(const Certificate&) const = default;

  static constexpr auto wire = Entries{
      field<&Certificate::encoding>("Cert Encoding"),
      rest<&Certificate::data>("Certificate Data"),
  };
};

}  // namespace mpsec::wire::ike
