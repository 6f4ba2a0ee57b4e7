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

class SignatureCredential final : public Credential {
 public:
  // `chain`: our certificate, then those that lead to the trust anchor, which itself need not be there.
  SignatureCredential(std::shared_ptr<const crypto::PrivateKey> key,
                      std::vector<crypto::CertificatePointer> chain)
      : key_(std::move(key)), chain_(std::move(chain)) {}
  Result<Proof> prove(const ProofContext& context, const PeerAbilities& peer,
                      const wire::ike::Payloads& received) const override;

 private:
  std::shared_ptr<const crypto::PrivateKey> key_;
  std::vector<crypto::CertificatePointer> chain_;
};

class SignatureChecker final : public ProofChecker {
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
  Result<> judge(const ipsec::Certificate& permitted, const crypto::Certificate& peer,
                 std::span<const crypto::CertificatePointer> offered, Instant now) const;

  Settings settings_;
  const crypto::PkiProvider* pki_;
};

}  // namespace mpsec::ike
