// Against RFC 7296 2.15 and 2.21.2, and RFC 7427 3: what is believed of a peer with a certificate.
#include "gateway/core/policies.hpp"
#include "interop/defects/bends.hpp"
#include "interop/suite/memory/test_certificates.hpp"

namespace mpsec::conformance {

using namespace wire::ike;

namespace {

using ErrorJudge = std::function<bool(const Error&, const Payloads&)>;
using Amend = std::function<void(Octets& signature, const crypto::PublicKey& key)>;

// The key of the certificate that comes first; null: there is none.
std::shared_ptr<const crypto::PublicKey> key_in(const Payloads& payloads) {
  const auto* own = find<Certificate>(payloads);
  const auto certificate = own == nullptr ? nullptr : test_pki().certificate(own->data).value_or(nullptr);
  return certificate == nullptr ? nullptr : certificate->public_key();
}

Authentication* digital_signature_in(Payloads& payloads) {
  for (Payload& payload : payloads)
    if (auto* proof = std::get_if<Authentication>(&payload.body);
        proof != nullptr && proof->method == AuthenticationMethod::digital_signature && !proof->data.empty())
      return proof;
  return nullptr;
}

// The standard checker, which sees digital signatures as `amend` makes them, and whose refusals `lenient`
// overrules.
class Lax final : public ike::SingleRoundChecker {
 public:
  ErrorJudge lenient = [](const Error&, const Payloads&) { return false; };
  Amend amend = [](Octets&, const crypto::PublicKey&) {};

  void use(const gateway::Settings& settings) {
    inner_ = gateway::make_checker(settings, test_pki(), calendar_in_memory);
  }
  Payloads requests() const override { return inner_->requests(); }
  Result<> check(const ike::ProofContext& context, const ipsec::PadEntry& entry, const ipsec::Identity& peer,
                 const Payloads& payloads, Instant now) const override {
    Payloads seen = payloads;
    if (Authentication* const proof = digital_signature_in(seen))
      if (const auto key = key_in(seen)) amend(proof->data, *key);
    auto checked = inner_->begin()->check(context, entry, peer, seen, now);
    if (checked || lenient(checked.error(), seen)) return {};
    return std::unexpected(std::move(checked).error());
  }

 private:
  std::shared_ptr<const ike::ProofChecker> inner_;
};

Bent checking_with(std::shared_ptr<Lax> checker) {
  Bent bent = settings([checker](gateway::Settings& all) { checker->use(all); });
  bent.seams.checker = checker.get();
  bent.state = std::move(checker);
  return bent;
}

Bent overruling(ErrorJudge lenient) {
  const auto checker = std::make_shared<Lax>();
  checker->lenient = std::move(lenient);
  return checking_with(checker);
}

Bent amending(Amend amend) {
  const auto checker = std::make_shared<Lax>();
  checker->amend = std::move(amend);
  return checking_with(checker);
}

// Trust anchors that mind no certificates with that fault.
class Blind final : public crypto::CertificateStore {
 public:
  Blind(std::shared_ptr<const CertificateStore> inner, crypto::CertificateFault fault)
      : inner_(std::move(inner)), fault_(fault) {}
  void add_anchor(const crypto::CertificatePointer&) override {}
  Result<> add_revocation_list(OctetView) override { return {}; }
  std::vector<std::array<std::uint8_t, 20>> anchor_key_hashes() const override {
    return inner_->anchor_key_hashes();
  }
  std::expected<void, crypto::CertificateRefusal> judge(
      const crypto::Certificate& peer, std::span<const crypto::CertificatePointer> offered,
      crypto::CalendarSeconds now, const crypto::ChainPolicy& policy,
      std::span<const OctetView> revocation_lists) const override {
    auto judged = inner_->judge(peer, offered, now, policy, revocation_lists);
    if (!judged && judged.error().fault == fault_) return {};
    return judged;
  }

 private:
  std::shared_ptr<const CertificateStore> inner_;
  crypto::CertificateFault fault_;
};

Bent blind_to(crypto::CertificateFault fault) {
  return settings([fault](gateway::Settings& all) {
    for (auto& [_, store] : all.anchors)
      store = std::make_shared<Blind>(store, fault);
  });
}

// The one that a key of that kind is used with, over a hash of the peer's choice where there are several.
const crypto::SignatureAlgorithm& algorithm_for(const crypto::PublicKey& key) {
  const crypto::HashId hashes[] = {crypto::natural_hash(key.kind())};
  return *crypto::choose_signature(key.kind(), hashes);
}

}  // namespace

MPSEC_DEFECT(
        .id = "checks-the-certificate-and-not-the-signature",
        .rule = "rfc7296/1.2/signatures-and-macs-are-verified",
        .does = "Takes whatever signature stands beside a certificate that is good and fits its algorithm.",
        .make = [] {
          return overruling([](const Error& error, const Payloads& payloads) {
            const auto* proof = find<Authentication>(payloads);
            const auto key = key_in(payloads);
            if (error.path != "IKE_AUTH/AUTH" || proof == nullptr || key == nullptr) return false;
            if (proof->method != AuthenticationMethod::digital_signature) return false;
            const auto read = crypto::read_digital_signature(proof->data);
            return read && read->algorithm->fits(key->kind());
          });
        });

MPSEC_DEFECT(
        .id = "trusts-every-authority", .rule = "rfc7296/2.21.2/every-failure-to-authenticate-is-told",
        .does = "Takes a certificate from which no chain leads to an authority that it trusts.",
        .make = [] { return blind_to(crypto::CertificateFault::untrusted); });

MPSEC_DEFECT(
        .id = "takes-expired-certificates", .rule = "rfc7296/2.21.2/every-failure-to-authenticate-is-told",
        .does = "Does not look until when a certificate is valid.",
        .make = [] { return blind_to(crypto::CertificateFault::expired); });

MPSEC_DEFECT(
        .id = "takes-a-certificate-for-any-name",
        .rule = "rfc7296/2.21.2/every-failure-to-authenticate-is-told",
        .does = "Takes a certificate of a trusted authority's for whomever IDi names.", .make = [] {
          return settings([](gateway::Settings& all) {
            for (ipsec::PadEntry& entry : all.pad)
              for (auto& permitted : entry.authentication)
                if (auto* certificate = std::get_if<ipsec::Certificate>(&permitted))
                  certificate->must_hold_identity = false;
          });
        });

MPSEC_DEFECT(
        .id = "passes-over-the-algorithm-identifier", .rule = "rfc7427/3/identifier-names-signature-and-hash",
        .does = "Checks a digital signature as the certificate's key has it, whatever algorithm it names.",
        .make = [] {
          return amending([](Octets& data, const crypto::PublicKey& key) {
            const std::size_t named = data[0] + std::size_t{1};
            const auto read = crypto::read_digital_signature(data);
            if (named >= data.size() || (read && read->algorithm->fits(key.kind()))) return;
            data = crypto::write_digital_signature(algorithm_for(key), OctetView(data).subspan(named));
          });
        });

MPSEC_DEFECT(
        .id = "finds-the-signature-by-the-der-before-it", .rule = "rfc7427/3/identifier-behind-its-length",
        .does = "Goes by the length in the AlgorithmIdentifier's DER, and passes over the octet before it.",
        .make = [] {
          return amending([](Octets& data, const crypto::PublicKey&) {
            if (data.size() > 2 && data[2] < 0x80) data[0] = static_cast<std::uint8_t>(data[2] + 2);
          });
        });

MPSEC_DEFECT(
        .id = "believes-a-signature-that-is-cut-off", .rule = "rfc7427/3/identifier-behind-its-length",
        .does = "Takes authentication data that end within the AlgorithmIdentifier for a proof.", .make = [] {
          return overruling([](const Error&, const Payloads& payloads) {
            const auto* proof = find<Authentication>(payloads);
            return proof != nullptr && proof->method == AuthenticationMethod::digital_signature &&
                   !proof->data.empty() && proof->data.size() <= proof->data[0];
          });
        });

}  // namespace mpsec::conformance
