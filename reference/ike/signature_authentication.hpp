// Proof by a signature under a certified key: the methods of RFC 7296 3.8 and RFC 4754, and the digital
// signature of RFC 7427 that names its algorithm.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "crypto/certificate.hpp"
#include "ike/authentication.hpp"

namespace mpsec::ike {

class SignatureCredential final : public SingleRoundCredential {
 public:
  // `chain`: our certificate, then those that lead to the trust anchor, which itself need not be there.
  // `authorities`: the key hashes of anchors that are not there, for who names them in a CERTREQ payload.
  SignatureCredential(std::shared_ptr<const crypto::PrivateKey> key,
                      std::vector<crypto::CertificatePointer> chain,
                      std::vector<std::array<std::uint8_t, 20>> authorities = {})
      : key_(std::move(key)), chain_(std::move(chain)), authorities_(std::move(authorities)) {}
  Result<Proof> prove(const ProofContext& context, const PeerAbilities& peer,
                      const wire::ike::Payloads& received) const override;
  // Whether the peer trusts an authority of the chain.
  bool leads_to(const std::vector<wire::ike::CertificateRequest>& requests) const;

 private:
  std::shared_ptr<const crypto::PrivateKey> key_;
  std::vector<crypto::CertificatePointer> chain_;
  std::vector<std::array<std::uint8_t, 20>> authorities_;
};

// Several, of which the peer is shown the first that leads to an authority it names; else the first of all.
class CredentialChoice final : public SingleRoundCredential {
 public:
  // At least one.
  explicit CredentialChoice(std::vector<std::shared_ptr<const SignatureCredential>> credentials)
      : credentials_(std::move(credentials)) {}
  Result<Proof> prove(const ProofContext& context, const PeerAbilities& peer,
                      const wire::ike::Payloads& received) const override;

 private:
  std::vector<std::shared_ptr<const SignatureCredential>> credentials_;
};

class SignatureChecker final : public SingleRoundChecker {
 public:
  struct Settings {
    // By the name under which PAD entries speak of them.
    std::map<std::string, std::shared_ptr<const crypto::CertificateStore>> anchors;
    crypto::ChainPolicy policy{};
    crypto::CalendarSeconds at_start = 0;  // the calendar's time at Instant{}
    bool sha1 = false;                     // take signatures over SHA-1 (RFC 8247 3.2 forbids them)
  };
  SignatureChecker(Settings settings, const crypto::PkiProvider& pki)
      : settings_(std::move(settings)), pki_(&pki) {}

  wire::ike::Payloads requests() const override;
  Result<> check(const ProofContext& context, const ipsec::PadEntry& entry, const ipsec::Identity& peer,
                 const wire::ike::Payloads& payloads, Instant now) const override;

  // The methods that this class checks.
  static std::vector<wire::ike::AuthenticationMethod> methods();

 private:
  // What came in CERT payloads beside the peer's own certificate.
  struct Offered {
    std::span<const crypto::CertificatePointer> certificates;
    std::span<const OctetView> revocation_lists;
  };
  Result<> judge(const ipsec::Certificate& permitted, const crypto::Certificate& peer, const Offered& offered,
                 Instant now) const;

  Settings settings_;
  const crypto::PkiProvider* pki_;
};

}  // namespace mpsec::ike
