// Against RFC 7296 3.6 to 3.8 and RFC 7427 3 and 4: what a gateway with a certificate says of itself.
#include <algorithm>

#include "crypto/signature.hpp"
#include "interop/defects/bends.hpp"
#include "interop/suite/memory/test_certificates.hpp"
#include "interop/suite/ways.hpp"

namespace mpsec::conformance {

using namespace wire::ike;

namespace {

using Prove = std::function<Result<ike::Proof>(const ike::PeerAbilities&)>;
using Bend = std::function<Result<ike::Proof>(const Prove& standard, ike::PeerAbilities)>;

// Proves what it does otherwise than the standard one.
class Signing final : public ike::SingleRoundCredential {
 public:
  Signing(std::shared_ptr<const ike::Credential> inner, Bend bend)
      : inner_(std::move(inner)), bend_(std::move(bend)) {}
  Result<ike::Proof> prove(const ike::ProofContext& context, const ike::PeerAbilities& peer,
                           const Payloads& received) const override {
    const auto standard = [&](const ike::PeerAbilities& abilities) {
      return inner_->begin()->prove(context, abilities, received);
    };
    return bend_(standard, peer);
  }

 private:
  std::shared_ptr<const ike::Credential> inner_;
  Bend bend_;
};

// All of these change only gateways that have a certificate.
bool certified(const gateway::Settings& all) {
  return !all.anchors.empty();
}

Bent signing(Bend bend) {
  return settings([bend = std::move(bend)](gateway::Settings& all) {
    if (!certified(all)) return;
    auto& credential = all.ike.peers.at(0).credential;
    credential = std::make_shared<Signing>(credential, bend);
  });
}

// Its IKE_SA_INIT messages.
Bent beginning(std::function<void(Message&)> bend) {
  const auto holds = std::make_shared<bool>(false);
  Bent bent = outgoing([=](Message& message) {
    if (!*holds || message.header.exchange_type != ExchangeType::ike_sa_init) return;
    bend(message);
    static_cast<void>(wire::ike::complete(message));
  });
  bent.settings = [=](gateway::Settings& all) { *holds = certified(all); };
  return bent;
}

Bent asking(std::function<void(CertificateRequest&)> bend) {
  return beginning([bend = std::move(bend)](Message& message) {
    for (Payload& payload : message.payloads)
      if (auto* request = std::get_if<CertificateRequest>(&payload.body)) bend(*request);
  });
}

Bent refusing_auth(Judge unusual) {
  return refusing([unusual = std::move(unusual)](const Message& message) {
    return message.header.exchange_type == ExchangeType::ike_auth && unusual(message);
  });
}

bool leads_here(const CertificateRequest& request) {
  const auto known = test_anchors()->anchor_key_hashes();
  return std::ranges::any_of(request.authorities, [&](const AuthorityHash& one) {
    return std::ranges::find(known, one.hash) != known.end();
  });
}

Authentication& proof_in(ike::Proof& proof) {
  return std::get<Authentication>(proof.payloads.back().body);
}

// As if the peer had announced SHA2-256.
Result<ike::Proof> digital_signature(const Prove& standard, ike::PeerAbilities peer) {
  peer.hashes = {HashAlgorithm::sha2_256};
  return standard(peer);
}

}  // namespace

MPSEC_DEFECT(
        .id = "shows-its-authority-before-itself", .rule = "rfc7296/3.6/own-certificate-comes-first",
        .does = "Sends its authority's certificate, and its own behind it.", .make = [] {
          return signing([](const Prove& standard, const ike::PeerAbilities& peer) {
            auto proof = standard(peer);
            if (!proof) return proof;
            const OctetView authority = test_signer("authority").chain.front()->der();
            proof->payloads.insert(
                proof->payloads.begin(),
                make_payload(Certificate{.data = Octets(authority.begin(), authority.end())}));
            return proof;
          });
        });

MPSEC_DEFECT(
        .id = "takes-three-certificates", .rule = "rfc7296/3.6/up-to-four-certificates",
        .does = "Refuses IKE_AUTH with more than three CERT payloads.", .make = [] {
          return refusing_auth(
              [](const Message& message) { return find_all<Certificate>(message.payloads).size() > 3; });
        });

MPSEC_DEFECT(
        .id = "names-authorities-by-something-else",
        .rule = "rfc7296/3.7/authority-named-by-hash-of-its-key-info",
        .does = "Names in CERTREQ another hash of its authority than that of the key.", .make = [] {
          return asking([](CertificateRequest& request) {
            for (AuthorityHash& authority : request.authorities)
              std::ranges::reverse(authority.hash);
          });
        });

MPSEC_DEFECT(
        .id = "asks-for-revocation-lists-by-certreq", .rule = "rfc7296/3.7/no-undefined-encodings-in-certreq",
        .does = "Sends CERTREQ with the encoding of revocation lists, and hashes of authorities in it.",
        .make = [] {
          return asking([](CertificateRequest& request) {
            request.encoding = CertificateEncoding::crl;
            for (const AuthorityHash& authority : std::exchange(request.authorities, {}))
              request.data.insert(request.data.end(), authority.hash.begin(), authority.hash.end());
          });
        });

MPSEC_DEFECT(
        .id = "refuses-requests-for-strange-authorities", .rule = "rfc7296/3.7/certificate-may-be-asked-for",
        .does = "Refuses IKE_AUTH with a CERTREQ that names none of its authorities.", .make = [] {
          return refusing_auth([](const Message& message) {
            return std::ranges::any_of(
                find_all<CertificateRequest>(message.payloads),
                [](const CertificateRequest* request) { return !leads_here(*request); });
          });
        });

MPSEC_DEFECT(
        .id = "refuses-who-can-fetch-certificates", .rule = "rfc7296/3.7/lookup-may-be-announced",
        .does = "Refuses IKE_AUTH with HTTP_CERT_LOOKUP_SUPPORTED.", .make = [] {
          return refusing_auth([](const Message& message) {
            return find_notify(message.payloads, NotifyType::http_cert_lookup_supported) != nullptr;
          });
        });

MPSEC_DEFECT(
        .id = "signs-by-method-1-at-all-times", .rule = "rfc7427/3/method-where-both-announced-hashes",
        .does = "Announces hashes, and signs by method 1 for who has announced them too.", .make = [] {
          return settings([](gateway::Settings& all) {
            if (certified(all)) all.ike.peers.at(0).credential = rsa_credential(test_signer("target, RSA"));
          });
        });

MPSEC_DEFECT(
        .id = "announces-hashes-for-a-protocol", .rule = "rfc7427/4/notify-of-no-protocol",
        .does = "Sends SIGNATURE_HASH_ALGORITHMS as a Notify of protocol IKE.", .make = [] {
          return beginning([](Message& message) {
            if (Notify* const list = notify_in(message, NotifyType::signature_hash_algorithms))
              list->protocol = ProtocolId::ike;
          });
        });

MPSEC_DEFECT(
        .id = "ends-its-list-of-hashes-with-an-octet", .rule = "rfc7427/4/list-of-identifiers-of-two-octets",
        .does = "Sends an octet of zero behind the identifiers in SIGNATURE_HASH_ALGORITHMS.", .make = [] {
          return beginning([](Message& message) {
            if (Notify* const list = notify_in(message, NotifyType::signature_hash_algorithms))
              list->data.push_back(0);
          });
        });

MPSEC_DEFECT(
        .id = "signs-over-a-hash-that-was-not-announced", .rule = "rfc7427/4/hash-picked-from-the-peers-list",
        .does = "Signs by Ed25519 for who has announced other hashes than Identity.", .make = [] {
          return signing([](const Prove& standard, ike::PeerAbilities peer) {
            if (!peer.hashes.empty()) peer.hashes.push_back(HashAlgorithm::identity);
            return standard(peer);
          });
        });

MPSEC_DEFECT(
        .id = "reads-hashes-up-to-one-that-it-does-not-know",
        .rule = "rfc7427/4/hash-picked-from-the-peers-list",
        .does = "Passes over what stands in SIGNATURE_HASH_ALGORITHMS behind an unknown hash.", .make = [] {
          return signing([](const Prove& standard, ike::PeerAbilities peer) {
            const auto unknown = std::ranges::find_if(
                peer.hashes, [](HashAlgorithm one) { return one > HashAlgorithm::streebog_512; });
            peer.hashes.erase(unknown, peer.hashes.end());
            return standard(peer);
          });
        });

MPSEC_DEFECT(
        .id = "signs-by-method-14-unasked",
        .rule = "rfc7427/4/digital-signature-only-where-hashes-were-announced",
        .does = "Makes a digital signature for who has announced no hashes.", .make = [] {
          return signing([](const Prove& standard, const ike::PeerAbilities& peer) {
            return peer.hashes.empty() ? digital_signature(standard, peer) : standard(peer);
          });
        });

MPSEC_DEFECT(
        .id = "makes-method-1-of-pss", .rule = "rfc7296/3.8/rsa-method-is-pkcs1-version-1-5",
        .does = "Signs by RSASSA-PSS under method 1.", .make = [] {
          return signing([](const Prove& standard, const ike::PeerAbilities& peer) {
            if (!peer.hashes.empty()) return standard(peer);
            auto proof = digital_signature(standard, peer);
            if (!proof) return proof;
            Authentication& body = proof_in(*proof);
            const OctetView signature = crypto::read_digital_signature(body.data)->signature;
            body.method = AuthenticationMethod::rsa_digital_signature;
            body.data = Octets(signature.begin(), signature.end());
            return proof;
          });
        });

}  // namespace mpsec::conformance
