#include "crypto/certificate.hpp"

#include <fmt/format.h>

namespace mpsec::crypto {

std::string_view to_string(CertificateFault fault) {
  switch (fault) {
    case CertificateFault::untrusted:
      return "untrusted";
    case CertificateFault::not_yet_valid:
      return "not-yet-valid";
    case CertificateFault::expired:
      return "expired";
    case CertificateFault::revoked:
      return "revoked";
    case CertificateFault::wrong_usage:
      return "wrong-usage";
    case CertificateFault::chain_too_long:
      return "chain-too-long";
    case CertificateFault::bad_signature:
      return "bad-signature";
    case CertificateFault::no_revocation:
      return "no-revocation-list";
    case CertificateFault::unacceptable:
      return "unacceptable";
  }
  return "unknown";
}

Error error_of(const CertificateRefusal& refusal) {
  return Error{
      .blame =
          refusal.fault == CertificateFault::untrusted ? Blame::no_common_ground : Blame::peer_misbehaved,
      .path = fmt::format("CERT[{}]", refusal.depth),
      .offset = {},
      .why = fmt::format("the certificate is refused as {}: {}", to_string(refusal.fault), refusal.detail),
      .clause = "RFC 4945 5"};
}

}  // namespace mpsec::crypto
