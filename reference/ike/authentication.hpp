// Proofs of identity in IKE_AUTH (RFC 7296 2.15). A method is one class for our side and one for the peer's,
// behind these two interfaces, and takes as many rounds as it needs; EAP, raw public keys and NULL
// authentication are further classes.
#pragma once

#include <memory>
#include <vector>

#include "crypto/ike_provider.hpp"
#include "ike/types.hpp"
#include "ipsec/identity.hpp"
#include "ipsec/pad.hpp"
#include "wire/ike/message.hpp"

namespace mpsec::ike {

// What one side's proof covers.
struct ProofContext {
  const crypto::IkeProvider& provider;
  const crypto::PrfTransform& prf;  // of the IKE SA
  OctetView message;                // the signer's IKE_SA_INIT message, whole
  OctetView nonce;                  // the other side's, without its payload header
  OctetView sk_p;                   // SK_pi of an initiator, SK_pr of a responder
  OctetView identity;               // the signer's ID payload without its generic header
};
//= rfc7296/2.15/signed-octets
// message | nonce | prf(SK_p, identity)
Result<Octets> signed_octets(const ProofContext& context);

// What the other side has said that it can check.
struct PeerAbilities {
  std::vector<wire::ike::HashAlgorithm> hashes;                     // SIGNATURE_HASH_ALGORITHMS (RFC 7427 4)
  std::vector<wire::ike::CertificateRequest> certificate_requests;  // whose certificates it trusts
  bool childless = false;  // an IKE_AUTH that makes no Child SA (RFC 6023 3)
};

// Payloads that prove who we are, or take a step to it. Incomplete: the exchange goes on for another round.
struct Proof {
  wire::ike::Payloads payloads;
  bool complete = true;
};

// What was found in a message of the peer. Incomplete: the payloads ask for another round.
struct Check {
  bool complete = true;
  wire::ike::Payloads payloads;
};

// One proof of ours on its way: of one IKE SA, called once a round until it is complete.
class Prover {
 public:
  virtual ~Prover() = default;
  // CERT payloads if there are any, and AUTH. `received`: the peer's last IKE_AUTH payloads; empty at the
  // initiator's first.
  virtual Result<Proof> prove(const ProofContext& context, const PeerAbilities& peer,
                              const wire::ike::Payloads& received) = 0;
};
// Who we are. Immutable; shared by all IKE SAs of a configuration, and outlives them.
class Credential {
 public:
  virtual ~Credential() = default;
  virtual std::unique_ptr<Prover> begin() const = 0;
};
// A method that needs to remember nothing.
class SingleRoundCredential : public Credential {
 public:
  std::unique_ptr<Prover> begin() const final;
  virtual Result<Proof> prove(const ProofContext& context, const PeerAbilities& peer,
                              const wire::ike::Payloads& received) const = 0;
};

// One proof of the peer's on its way: called with each of its IKE_AUTH messages.
class Verifier {
 public:
  virtual ~Verifier() = default;
  // `payloads`: of the peer's IKE_AUTH message, AUTH and CERT among them. The error names the method and
  // never what would have been right.
  virtual Result<Check> check(const ProofContext& context, const ipsec::PadEntry& entry,
                              const ipsec::Identity& peer, const wire::ike::Payloads& payloads,
                              Instant now) = 0;
};
// How peers prove who they are, as their PAD entries permit. Outlives the IKE SAs.
class ProofChecker {
 public:
  virtual ~ProofChecker() = default;
  // CERTREQ payloads that tell the peer what we accept.
  virtual wire::ike::Payloads requests() const = 0;
  virtual std::unique_ptr<Verifier> begin() const = 0;
};
class SingleRoundChecker : public ProofChecker {
 public:
  std::unique_ptr<Verifier> begin() const final;
  virtual Result<> check(const ProofContext& context, const ipsec::PadEntry& entry,
                         const ipsec::Identity& peer, const wire::ike::Payloads& payloads,
                         Instant now) const = 0;
};

//= rfc7296/2.15/shared-key-mac
// prf(prf(key, "Key Pad for IKEv2"), signed octets)
class PreSharedKeyCredential final : public SingleRoundCredential {
 public:
  explicit PreSharedKeyCredential(SecretOctets key) : key_(std::move(key)) {}
  Result<Proof> prove(const ProofContext& context, const PeerAbilities& peer,
                      const wire::ike::Payloads& received) const override;

 private:
  SecretOctets key_;
};
class PreSharedKeyChecker final : public SingleRoundChecker {
 public:
  wire::ike::Payloads requests() const override { return {}; }
  Result<> check(const ProofContext& context, const ipsec::PadEntry& entry, const ipsec::Identity& peer,
                 const wire::ike::Payloads& payloads, Instant now) const override;
};

// Chooses the checker by the method of the AUTH payload in the peer's first message, among those given here.
class StandardProofChecker final : public ProofChecker {
 public:
  struct Line {
    std::vector<wire::ike::AuthenticationMethod> methods;  // none: for who begins without AUTH
    std::shared_ptr<const ProofChecker> checker;
  };
  explicit StandardProofChecker(std::vector<Line> lines) : lines_(std::move(lines)) {}
  wire::ike::Payloads requests() const override;
  std::unique_ptr<Verifier> begin() const override;
  // Fails where no line takes the message.
  Result<const ProofChecker*> choose(const wire::ike::Payloads& payloads) const;

 private:
  std::vector<Line> lines_;
};

}  // namespace mpsec::ike
