#include "ike/signature_authentication.hpp"

#include <algorithm>

namespace mpsec::ike {

using namespace wire::ike;

namespace {

Error failed(std::string_view payload, std::string why, std::string clause) {
  return {Blame::peer_misbehaved, fmt::format("IKE_AUTH/{}", payload), std::nullopt, std::move(why),
          std::move(clause)};
}

// A signature, and by which method of the AUTH payload it is said.
struct Choice {
  AuthenticationMethod method;
  const crypto::SignatureAlgorithm* algorithm;
  crypto::EcdsaForm form = crypto::EcdsaForm::der;
};

//= rfc4754/4/ecdsa-methods-by-curve
std::optional<AuthenticationMethod> fixed_method(crypto::KeyKind kind) {
  switch (kind) {
    case crypto::KeyKind::rsa:
      return AuthenticationMethod::rsa_digital_signature;
    case crypto::KeyKind::ecdsa_p256:
      return AuthenticationMethod::ecdsa_sha256_p256;
    case crypto::KeyKind::ecdsa_p384:
      return AuthenticationMethod::ecdsa_sha384_p384;
    case crypto::KeyKind::ecdsa_p521:
      return AuthenticationMethod::ecdsa_sha512_p521;
    default:
      return std::nullopt;
  }
}

// What the methods before RFC 7427 are: RSA over SHA-1, ECDSA over the hash of its curve.
const crypto::SignatureAlgorithm* fixed_algorithm(AuthenticationMethod method) {
  using crypto::HashId, crypto::SignatureScheme;
  switch (method) {
    case AuthenticationMethod::rsa_digital_signature:
      return crypto::find_signature(SignatureScheme::rsa_pkcs1, HashId::sha1);
    case AuthenticationMethod::ecdsa_sha256_p256:
      return crypto::find_signature(SignatureScheme::ecdsa, HashId::sha2_256);
    case AuthenticationMethod::ecdsa_sha384_p384:
      return crypto::find_signature(SignatureScheme::ecdsa, HashId::sha2_384);
    case AuthenticationMethod::ecdsa_sha512_p521:
      return crypto::find_signature(SignatureScheme::ecdsa, HashId::sha2_512);
    default:
      return nullptr;
  }
}

//= rfc7427/4/digital-signature-only-where-hashes-were-announced
Result<Choice> choose(crypto::KeyKind kind, const PeerAbilities& peer) {
  std::vector<crypto::HashId> hashes;
  for (const HashAlgorithm hash : peer.hashes)
    hashes.push_back(static_cast<crypto::HashId>(hash));
  if (const auto* algorithm = crypto::choose_signature(kind, hashes))
    return Choice{AuthenticationMethod::digital_signature, algorithm};
  if (const auto method = fixed_method(kind); method && hashes.empty()) {
    const bool is_rsa = kind == crypto::KeyKind::rsa;
    return Choice{*method, fixed_algorithm(*method),
                  is_rsa ? crypto::EcdsaForm::der : crypto::EcdsaForm::fixed};
  }
  return std::unexpected(
      Error{Blame::no_common_ground, "IKE_AUTH/AUTH", std::nullopt,
            fmt::format("the peer checks no signature that a key of kind {} makes", crypto::to_string(kind)),
            "RFC 7427 4"});
}

struct Claim {
  const crypto::SignatureAlgorithm* algorithm;
  OctetView signature;
  crypto::EcdsaForm form = crypto::EcdsaForm::der;
};

//= rfc7296/3.8/rsa-method-is-pkcs1-version-1-5
// What the signature may be: method 1 does not say its hash outside of the signature itself.
Result<std::vector<Claim>> read_claims(const Authentication& body) {
  if (body.method == AuthenticationMethod::digital_signature) {
    const auto read = crypto::read_digital_signature(body.data);
    if (!read) return std::unexpected(read.error());
    return std::vector{Claim{read->algorithm, read->signature}};
  }
  if (body.method == AuthenticationMethod::rsa_digital_signature) {
    std::vector<Claim> claims;
    for (const auto& algorithm : crypto::signature_algorithms())
      if (algorithm.scheme == crypto::SignatureScheme::rsa_pkcs1) claims.push_back({&algorithm, body.data});
    return claims;
  }
  const auto* algorithm = fixed_algorithm(body.method);
  if (algorithm == nullptr)
    return std::unexpected(
        failed("AUTH", fmt::format("{} is no signature", to_string(body.method)), "RFC 7296 3.8"));
  return std::vector{Claim{algorithm, body.data, crypto::EcdsaForm::fixed}};
}

// What came in CERT payloads.
struct Shown {
  std::vector<crypto::CertificatePointer> certificates;  // the peer's own first
  std::vector<OctetView> lists;
};

Result<Shown> read_certificates(const Payloads& payloads, const crypto::PkiProvider& pki) {
  Shown shown;
  for (const auto* offered : find_all<Certificate>(payloads)) {
    //= rfc7296/3.6/crl-in-a-cert-payload
    if (offered->encoding == CertificateEncoding::crl) shown.lists.push_back(offered->data);
    if (offered->encoding != CertificateEncoding::x509_signature) continue;
    auto certificate = pki.certificate(offered->data);
    if (certificate) {
      shown.certificates.push_back(*std::move(certificate));
    } else if (shown.certificates.empty()) {
      return std::unexpected(std::move(certificate).error());  // its own; others only help to build the chain
    }
  }
  if (shown.certificates.empty())
    return std::unexpected(failed("CERT", "no X.509 certificate came with the signature", "RFC 7296 3.6"));
  return shown;
}

}  // namespace

Result<Proof> SignatureCredential::prove(const ProofContext& context, const PeerAbilities& peer,
                                         const Payloads&) const {
  const auto choice = choose(key_->public_key().kind(), peer);
  if (!choice) return std::unexpected(choice.error());
  const auto octets = signed_octets(context);
  if (!octets) return std::unexpected(octets.error());
  const auto signature = key_->sign(*choice->algorithm, {*octets}, choice->form);
  if (!signature) {
    return std::unexpected(Error{Blame::local_fault, "IKE_AUTH/AUTH", std::nullopt,
                                 std::string(crypto::to_string(signature.error())), "RFC 7296 2.15"});
  }
  Proof proof;
  //= rfc7296/3.6/own-certificate-comes-first
  for (const auto& certificate : chain_) {
    Certificate body;
    body.data.assign(certificate->der().begin(), certificate->der().end());
    proof.payloads.push_back(make_payload(std::move(body)));
  }
  Authentication body;
  body.method = choice->method;
  body.data = choice->method == AuthenticationMethod::digital_signature
                  ? crypto::write_digital_signature(*choice->algorithm, *signature)
                  : *signature;
  proof.payloads.push_back(make_payload(std::move(body)));
  return proof;
}

std::vector<AuthenticationMethod> SignatureChecker::methods() {
  return {AuthenticationMethod::rsa_digital_signature, AuthenticationMethod::ecdsa_sha256_p256,
          AuthenticationMethod::ecdsa_sha384_p384, AuthenticationMethod::ecdsa_sha512_p521,
          AuthenticationMethod::digital_signature};
}

Payloads SignatureChecker::requests() const {
  CertificateRequest body;
  for (const auto& [name, store] : settings_.anchors)
    for (const auto& hash : store->anchor_key_hashes())
      body.authorities.push_back({hash});
  Payloads payloads;
  if (!body.authorities.empty()) payloads.push_back(make_payload(std::move(body)));
  return payloads;
}

Result<> SignatureChecker::check(const ProofContext& context, const ipsec::PadEntry& entry,
                                 const ipsec::Identity& peer, const Payloads& payloads, Instant now) const {
  const auto permitted = ipsec::require<ipsec::Certificate>(entry);
  if (!permitted) return std::unexpected(permitted.error().error);
  const auto* body = find<Authentication>(payloads);
  if (body == nullptr) return std::unexpected(failed("AUTH", "the payload is missing", "RFC 7296 1.2"));
  const auto shown = read_certificates(payloads, *pki_);
  if (!shown) return std::unexpected(shown.error());
  //= rfc7296/3.6/own-certificate-comes-first
  const crypto::Certificate& own = *shown->certificates.front();
  const bool speaks = own.speaks_for(static_cast<crypto::NameType>(peer.type), peer.value);
  if ((*permitted)->must_hold_identity && !speaks) {
    return std::unexpected(failed(
        "CERT", fmt::format("the certificate is not for {}", ipsec::to_string(peer)), "RFC 4301 4.4.3.2"));
  }
  if (auto judged = judge(**permitted, own, {std::span(shown->certificates).subspan(1), shown->lists}, now);
      !judged)
    return judged;
  const auto claims = read_claims(*body);
  if (!claims) return std::unexpected(claims.error());
  const auto octets = signed_octets(context);
  if (!octets) return std::unexpected(octets.error());
  std::string why = "no hash that we take";
  for (const Claim& claim : *claims) {
    if (claim.algorithm->hash == crypto::HashId::sha1 && !settings_.sha1) {
      why += "; signatures over SHA-1 are refused (RFC 8247 3.2)";
      continue;
    }
    const auto verified = own.public_key()->verify(*claim.algorithm, {*octets}, claim.signature, claim.form);
    if (verified) return {};
    why = fmt::format("{}; {}: {}", why, claim.algorithm->name, crypto::to_string(verified.error()));
  }
  return std::unexpected(failed("AUTH", std::move(why), "RFC 7296 2.15"));
}

//= rfc4301/4.4.3.2/trust-anchor-is-in-the-entry
Result<> SignatureChecker::judge(const ipsec::Certificate& permitted, const crypto::Certificate& peer,
                                 const Offered& offered, Instant now) const {
  const auto calendar =
      settings_.at_start + std::chrono::duration_cast<std::chrono::seconds>(now.time_since_epoch()).count();
  Error refused = failed("CERT", "no trust anchor of the PAD entry is known here", "RFC 4301 4.4.3.2");
  for (const std::string& name : permitted.trust_anchors) {
    const auto store = settings_.anchors.find(name);
    if (store == settings_.anchors.end()) continue;
    const auto judged = store->second->judge(peer, offered.certificates, calendar, settings_.policy,
                                             offered.revocation_lists);
    if (judged) return {};
    refused = crypto::error_of(judged.error());
  }
  return std::unexpected(std::move(refused));
}

//= rfc7296/3.7/certificate-is-chosen-by-the-authorities-named
bool SignatureCredential::leads_to(const std::vector<CertificateRequest>& requests) const {
  const auto is_named = [&](const std::array<std::uint8_t, 20>& hash) {
    return std::ranges::any_of(requests, [&](const CertificateRequest& request) {
      return request.encoding == CertificateEncoding::x509_signature &&
             std::ranges::any_of(request.authorities,
                                 [&](const auto& authority) { return authority.hash == hash; });
    });
  };
  return std::ranges::any_of(authorities_, is_named) ||
         std::ranges::any_of(chain_, [&](const auto& one) { return is_named(one->key_hash()); });
}

Result<Proof> CredentialChoice::prove(const ProofContext& context, const PeerAbilities& peer,
                                      const Payloads& received) const {
  const auto fits = std::ranges::find_if(
      credentials_, [&](const auto& one) { return one->leads_to(peer.certificate_requests); });
  const auto& chosen = fits == credentials_.end() ? credentials_.front() : *fits;
  return chosen->prove(context, peer, received);
}

}  // namespace mpsec::ike
