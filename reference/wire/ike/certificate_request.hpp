// RFC 7296 3.7: the Certificate Request payload.
#pragma once

#include "wire/ike/certificate.hpp"

namespace mpsec::wire::ike {

struct AuthorityHash {
  static constexpr std::string_view name = "Authority", clause = "RFC 7296 3.7";
  std::array<std::uint8_t, 20> hash{};  // SHA-1 of the authority's public key, as its certificate has it
  bool operator==(const AuthorityHash&) const = default;
  static constexpr auto wire = Entries{field<&AuthorityHash::hash>("Hash")};
};

// | Cert Encoding |                                               |
// ~                    Certification Authority                    ~
struct CertificateRequest {
  static constexpr std::string_view name = "CERTREQ", clause = "RFC 7296 3.7";

  CertificateEncoding encoding = CertificateEncoding::x509_signature;
  std::vector<AuthorityHash> authorities{};  // of X.509 encodings
  Octets data{};                             // of any other

  bool has_hashes() const {
    return encoding == CertificateEncoding::x509_signature ||
           encoding == CertificateEncoding::hash_and_url_x509 ||
           encoding == CertificateEncoding::hash_and_url_x509_bundle;
  }
  bool operator==(const CertificateRequest&) const = default;

  static constexpr auto wire = Entries{
      field<&CertificateRequest::encoding>("Cert Encoding"),
      one_of(when(&CertificateRequest::has_hashes,
                  rest_list<&CertificateRequest::authorities>("Certification Authority")),
             rest<&CertificateRequest::data>("Certification Authority")),
  };
};

}  // namespace mpsec::wire::ike
