// One entry of the Peer Authorization Database (RFC 4301 4.4.3): which peers, how they prove who they are,
// and what they may then ask for.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/error.hpp"
#include "base/secret.hpp"
#include "base/strong.hpp"
#include "ipsec/identity_pattern.hpp"

namespace mpsec::ipsec {

using PadEntryId = Strong<std::uint32_t, struct PadEntryIdTag>;

// --- how a peer proves its identity (RFC 4301 4.4.3.2)
// A method is a type with its data and a `method` name. A further one - NULL authentication (RFC 7619), say -
// is one more type in AuthenticationData and its check in pad_entry.cpp; nothing switches over them.

//= rfc4301/4.4.3.2/pre-shared-secret-is-in-the-entry
struct PreSharedKey {
  static constexpr std::string_view method = "pre-shared key";
  SecretOctets key;
};

//= rfc4301/4.4.3.2/trust-anchor-is-in-the-entry
struct Certificate {
  static constexpr std::string_view method = "certificate";
  std::vector<std::string> trust_anchors;  // names of what is kept elsewhere; a path to any one suffices
  //= rfc4301/4.4.3.2/identity-match-with-certificate-can-be-required
  bool must_hold_identity = true;  // asserted_by(), below
  //= rfc4301/4.4.3/revocation-hints
  std::vector<std::string> ocsp_responders, crl_repositories;  // URLs
};

// RFC 7670: the key itself is known beforehand.
struct RawPublicKey {
  static constexpr std::string_view method = "raw public key";
  Octets subject_public_key_info;  // DER
};

// The peer, an initiator, proves itself by a method of RFC 3748 (RFC 7296 2.16).
struct Eap {
  static constexpr std::string_view method = "EAP";
  std::string authenticator;  // name of the one who decides, here or at a distance
  // RFC 5998: a method that authenticates both sides may stand for our own signature too.
  bool mutual_method_suffices = false;
};

using AuthenticationData = std::variant<PreSharedKey, Certificate, RawPublicKey, Eap>;
std::string_view method_of(const AuthenticationData& data);

// RFC 8784: a key beside, whatever the method, against who records now and has a quantum computer later.
struct PostQuantumKey {
  Octets id;
  SecretOctets key;
  bool mandatory = true;
};

// --- what it may ask for (RFC 4301 4.4.3.3)
//= rfc4301/4.4.3/identity-or-address-for-the-spd

//= rfc4301/4.4.3.3/entry-id-defines-the-authorized-identities
// The SPD is searched for the peer's identity as a symbolic name.
struct ChildrenByName {};
//= rfc4301/4.4.3.3/address-ranges-of-both-families
// The SPD is searched for remote addresses that the peer asserts, which must lie in these ranges.
struct ChildrenByAddress {
  std::vector<AddressRange> remote;
};

// IKEv2 is the only protocol for authentication here, so an entry does not name one.
struct PadEntry {
  PadEntryId id{};
  std::string name{};                         // for people
  std::vector<IdentityPattern> identities{};  // a peer matches any one
  //= rfc4301/4.4.3.2/entry-says-how-to-authenticate
  std::vector<AuthenticationData> authentication{};  // any one suffices; the most wanted first
  std::vector<PostQuantumKey> post_quantum_keys{};
  std::variant<ChildrenByName, ChildrenByAddress> children{};
  //= rfc4301/4.4.3/gateway-location
  std::vector<std::variant<IpAddress, std::string>> gateways{};  // addresses or DNS names where it is found

  // The first data for the method; nullptr if the entry does not permit it.
  template <class Data>
  const Data* permits() const {
    for (const AuthenticationData& data : authentication) {
      if (const auto* found = std::get_if<Data>(&data)) return found;
    }
    return nullptr;
  }
};
// "PAD entry 7 'branches'"
std::string describe(const PadEntry& entry);

// Fails (local fault) naming the entry, the field, what was found and what is allowed.
Result<> validate(const PadEntry& entry);

// What a certificate says of its subject.
struct CertificateNames {
  Octets subject;                      // DER of the distinguished name
  std::vector<Identity> alternatives;  // of the subject alternative name: DNS, RFC 822, addresses
};
// Whether the certificate is for the identity: a distinguished name is its subject, any other one of the
// alternatives. A key ID is in no certificate.
bool asserted_by(const CertificateNames& certificate, const Identity& identity);

}  // namespace mpsec::ipsec
