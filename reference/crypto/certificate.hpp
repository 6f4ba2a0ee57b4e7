// X.509 certificates and the judgement over chains of them (RFC 5280), as IKE asks for it (RFC 4945).
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.hpp"
#include "base/octets.hpp"
#include "crypto/signature.hpp"

namespace mpsec::crypto {

// The types of IKE identities that a certificate can speak for (RFC 7296 3.5), by their numbers there.
enum class NameType : std::uint8_t {
  ipv4_address = 1,
  fqdn = 2,
  rfc822_address = 3,
  ipv6_address = 5,
  distinguished_name = 9,
};

// Seconds since 1970-01-01T00:00:00Z, leap seconds left out.
using CalendarSeconds = std::int64_t;

class Certificate {
 public:
  virtual ~Certificate() = default;
  // The whole certificate in DER, as it was given.
  virtual OctetView der() const noexcept = 0;
  // Names in DER, as they stand in the certificate.
  virtual OctetView subject() const noexcept = 0;
  virtual OctetView issuer() const noexcept = 0;
  virtual CalendarSeconds not_before() const noexcept = 0;
  virtual CalendarSeconds not_after() const noexcept = 0;
  virtual const std::shared_ptr<const PublicKey>& public_key() const noexcept = 0;
  // SHA-1 of SubjectPublicKeyInfo: by which CERTREQ names a trust anchor (RFC 7296 3.7).
  virtual const std::array<std::uint8_t, 20>& key_hash() const noexcept = 0;
  // Whether the certificate speaks for this identity: an address, domain or mailbox among subjectAltNames, or
  // the subject's distinguished name. Domains are compared without case and never as patterns.
  virtual bool speaks_for(NameType type, OctetView value) const = 0;
};

using CertificatePointer = std::shared_ptr<const Certificate>;

enum class CertificateFault : std::uint8_t {
  untrusted,       // no chain leads to a trust anchor
  not_yet_valid,   // a certificate of the chain
  expired,         // a certificate of the chain
  revoked,         // a certificate of the chain, by its issuer's revocation list
  wrong_usage,     // not for signatures or not for IKE, or an issuer that is no authority
  chain_too_long,  // more intermediates than allowed
  bad_signature,   // of a certificate or revocation list of the chain
  no_revocation,   // no revocation list of an issuer where they are required, or none that is current
  unacceptable,    // what else RFC 5280 refuses: name constraints, unknown critical extensions, ...
};
std::string_view to_string(CertificateFault fault);

struct CertificateRefusal {
  CertificateFault fault;
  unsigned depth;      // of the certificate at fault: 0 is the peer's own
  std::string detail;  // libcrypto's words for it
};
// peer_misbehaved, or no_common_ground where the chain ends in no trust anchor.
Error error_of(const CertificateRefusal& refusal);

enum class RevocationCheck : std::uint8_t {
  none,
  where_known,  // a list is heeded where the store has one of the issuer
  required,     // of every certificate below the anchor
};

struct ChainPolicy {
  unsigned most_intermediates = 4;
  RevocationCheck revocation = RevocationCheck::where_known;
};

// Trust anchors and revocation lists. judge() may run in many threads at once, add_* may not.
class CertificateStore {
 public:
  virtual ~CertificateStore() = default;
  virtual void add_anchor(const CertificatePointer& anchor) = 0;
  // DER or PEM. Fails (malformed) on anything else.
  virtual Result<> add_revocation_list(OctetView list) = 0;
  // The key hashes of all anchors: what a CERTREQ payload of ours carries.
  virtual std::vector<std::array<std::uint8_t, 20>> anchor_key_hashes() const = 0;

  // Whether a chain leads from the peer's certificate through those offered to an anchor, every part of it
  // right at `now`. What the peer offers is never trusted by itself: a list of revocations in DER must be
  // signed by its issuer, and is passed over where the store has one of that issuer, which may be newer.
  virtual std::expected<void, CertificateRefusal> judge(
      const Certificate& peer, std::span<const CertificatePointer> offered, CalendarSeconds now,
      const ChainPolicy& policy = {}, std::span<const OctetView> revocation_lists = {}) const = 0;
};

// Makes keys and certificates out of octets. DER is read to its end; PEM may have text around it.
class PkiProvider {
 public:
  virtual ~PkiProvider() = default;
  // PKCS #8 or the traditional forms, not encrypted. All fail as malformed, or as no_common_ground naming the
  // kinds of keys that serve.
  virtual Result<std::shared_ptr<const PrivateKey>> private_key(OctetView pem_or_der) const = 0;
  // SubjectPublicKeyInfo.
  virtual Result<std::shared_ptr<const PublicKey>> public_key(OctetView pem_or_der) const = 0;
  virtual Result<CertificatePointer> certificate(OctetView pem_or_der) const = 0;
  virtual std::unique_ptr<CertificateStore> certificate_store() const = 0;
};

}  // namespace mpsec::crypto
