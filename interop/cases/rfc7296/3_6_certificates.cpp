// RFC 7296 2.15, 3.6 and 3.7: proofs by certificates, and what is said of them.
#include "ike/signature_authentication.hpp"
#include "interop/suite/need.hpp"
#include "interop/suite/ways.hpp"

namespace mpsec::conformance {

using namespace wire::ike;
using enum NotifyType;

namespace {

void expect_flaw_refused(Tester& t, Flaw flaw) {
  const auto& signers = t.target().wrong_signers;
  const auto wrong = signers.find(flaw);
  if (wrong == signers.end()) t.unsupported("the tester has no such certificate");
  expect_auth_refused(
      t, {.credential = std::make_shared<ike::SignatureCredential>(wrong->second.key, wrong->second.chain)},
      {authentication_failed});
}

void expect_own_certificate_first(Tester& t, IkeSession& sa, const Message& message) {
  const auto& first = need<Certificate>(message.payloads);
  t.check(first.encoding == CertificateEncoding::x509_signature, "an X.509 certificate (encoding 4) first",
          fmt::format("encoding {}", static_cast<unsigned>(first.encoding)));
  t.check(sa.proof_is_good(message), "a first certificate that AUTH is right under", "one that it is not");
}

void expect_requests(Tester& t, const Message& message) {
  const auto requests = find_all<CertificateRequest>(message.payloads);
  if (requests.empty()) t.unsupported("the target asks for no certificate");
  bool named = false;
  for (const auto* request : requests) {
    t.check(request->has_hashes(),
            "encodings for which it is said what the authority's field holds (4, 12, 13)",
            fmt::format("encoding {}", static_cast<unsigned>(request->encoding)));
    for (const auto& own : t.target().authorities)
      named |= std::ranges::any_of(request->authorities, [&](const auto& one) { return one.hash == own; });
  }
  t.check(named || t.target().authorities.empty(),
          "the key hash of the authority of the tester's certificate", "others");
}

// IKE_AUTH with payloads more is answered with a proof that is right.
void expect_taken_with(Tester& t, const std::function<void(Tester&, Message&)>& change) {
  t.establish();
  const auto [sa, response] = ask_auth(t, {.auth = [&](Message& m) { change(t, m); }});
  t.expect_no_error(response);
  t.check(sa.proof_is_good(response), "an AUTH payload that proves the target's identity",
          "one that does not");
}

}  // namespace

MPSEC_CASE(
        .id = "rfc7296/2.15/signature-over-another-nonce-is-refused",
        .rules = {"rfc7296/2.15/signed-octets", "rfc7296/1.2/signatures-and-macs-are-verified"},
        .side = Side::responder, .features = {Feature::certificates},
        .wishes = {.certificates = Certificates::any},
        .does = "The tester signs its first message with a nonce that is not the target's.",
        .lawful = "AUTHENTICATION_FAILED and no child.", .run = [](Tester& t) {
          const Octets other(32, 0x5a);
          expect_auth_refused(t,
                              {.proving = [&](ike::ProofContext& context, auto&) { context.nonce = other; }},
                              {authentication_failed});
        });

MPSEC_CASE(
        .id = "rfc7296/2.15/signature-over-another-first-message-is-refused",
        .rules = {"rfc7296/2.15/signed-octets", "rfc7296/1.2/signatures-and-macs-are-verified"},
        .side = Side::responder, .features = {Feature::certificates},
        .wishes = {.certificates = Certificates::any},
        .does = "The tester signs an IKE_SA_INIT request that differs from its own by one bit.",
        .lawful = "AUTHENTICATION_FAILED and no child.", .run = [](Tester& t) {
          Octets other;
          const auto change = [&](ike::ProofContext& context, auto&) {
            other.assign(context.message.begin(), context.message.end());
            other.back() ^= 1;
            context.message = other;
          };
          expect_auth_refused(t, {.proving = change}, {authentication_failed});
        });

MPSEC_CASE(
        .id = "rfc7296/2.15/wrong-signature-is-refused",
        .rules = {"rfc7296/1.2/signatures-and-macs-are-verified"}, .side = Side::responder,
        .features = {Feature::certificates}, .wishes = {.certificates = Certificates::any},
        .does = "A bit in the midst of the tester's signature is wrong.",
        .lawful = "AUTHENTICATION_FAILED and no child.", .run = [](Tester& t) {
          const auto flip = [](Message& m) {
            Octets& data = body_of<Authentication>(m).data;
            data.at(data.size() - 20) ^= 1;
          };
          expect_auth_refused(t, {.auth = flip}, {authentication_failed});
        });

MPSEC_CASE(
        .id = "rfc7296/2.21.2/certificate-of-a-strange-authority-is-refused",
        .rules = {"rfc7296/2.21.2/every-failure-to-authenticate-is-told"}, .side = Side::responder,
        .features = {Feature::certificates}, .wishes = {.certificates = Certificates::any},
        .does = "The tester proves itself under a certificate of an authority that the target does not know.",
        .lawful = "AUTHENTICATION_FAILED and no child.",
        .run = [](Tester& t) { expect_flaw_refused(t, Flaw::strange_authority); });

MPSEC_CASE(
        .id = "rfc7296/2.21.2/expired-certificate-is-refused",
        .rules = {"rfc7296/2.21.2/every-failure-to-authenticate-is-told"}, .side = Side::responder,
        .features = {Feature::certificates}, .wishes = {.certificates = Certificates::any},
        .does = "The tester proves itself under a certificate that was valid years ago.",
        .lawful = "AUTHENTICATION_FAILED and no child.",
        .run = [](Tester& t) { expect_flaw_refused(t, Flaw::expired); });

MPSEC_CASE(
        .id = "rfc7296/2.21.2/certificate-for-another-identity-is-refused",
        .rules = {"rfc7296/2.21.2/every-failure-to-authenticate-is-told"}, .side = Side::responder,
        .features = {Feature::certificates}, .wishes = {.certificates = Certificates::any},
        .does = "The tester's certificate is for another name than its IDi.",
        .lawful = "AUTHENTICATION_FAILED and no child.",
        .run = [](Tester& t) { expect_flaw_refused(t, Flaw::another_name); });

MPSEC_CASE(
        .id = "rfc7296/3.6/own-certificate-comes-first-as-responder",
        .rules = {"rfc7296/3.6/own-certificate-comes-first", "rfc7296/1.2/first-certificate-verifies-auth",
                  "rfc7296/3.6/certificates-are-sent-where-there-are-any"},
        .side = Side::responder, .features = {Feature::certificates},
        .wishes = {.certificates = Certificates::any},
        .does = "The tester asks for the target's certificate, and looks at its proof.",
        .lawful = "The first CERT payload is an X.509 certificate that AUTH is right under.",
        .run = [](Tester& t) {
          t.establish();
          const auto [sa, response] = ask_auth(t);
          expect_own_certificate_first(t, sa, response);
        });

MPSEC_CASE(
        .id = "rfc7296/3.6/four-certificates-are-taken",
        .rules = {"rfc7296/3.6/up-to-four-certificates", "rfc7296/2.15/certificates-may-go-with-auth"},
        .side = Side::responder, .features = {Feature::certificates},
        .wishes = {.certificates = Certificates::any},
        .does = "Behind its own certificate the tester sends three more that nobody needs.",
        .lawful = "The tester's proof is taken, and the target proves itself.", .run = [](Tester& t) {
          expect_taken_with(t, [](Tester&, Message& m) {
            const auto at = std::ranges::find_if(
                m.payloads, [](const Payload& one) { return std::holds_alternative<Certificate>(one.body); });
            const Payload own = *at;
            const auto held =
                static_cast<std::size_t>(std::ranges::count_if(m.payloads, [](const Payload& one) {
                  return std::holds_alternative<Certificate>(one.body);
                }));
            if (held < 4) m.payloads.insert(at + 1, 4 - held, own);
          });
        });

MPSEC_CASE(
        .id = "rfc7296/3.7/authorities-are-named-by-key-hashes-as-responder",
        .rules = {"rfc7296/3.7/authority-named-by-hash-of-its-key-info",
                  "rfc7296/3.7/no-undefined-encodings-in-certreq"},
        .side = Side::responder, .features = {Feature::certificates},
        .wishes = {.certificates = Certificates::any},
        .does = "The tester looks at the CERTREQ payloads of the target's IKE_SA_INIT response.",
        .lawful =
            "They have encodings with key hashes, and one is of the authority of the tester's certificate.",
        .run = [](Tester& t) { expect_requests(t, t.control([&] { return expect_init_taken(t, {}); })); });

MPSEC_CASE(
        .id = "rfc7296/3.7/request-for-a-strange-authority-does-no-harm",
        .rules = {"rfc7296/3.7/certificate-may-be-asked-for"}, .side = Side::responder,
        .features = {Feature::certificates}, .wishes = {.certificates = Certificates::any},
        .does =
            "The tester's CERTREQ names an authority that the target has no certificate of, beside the "
            "others.",
        .lawful = "The target proves itself as ever.", .run = [](Tester& t) {
          expect_taken_with(t, [](Tester&, Message& m) {
            CertificateRequest strange;
            strange.authorities.push_back({{1, 2, 3, 4, 5}});
            m.payloads.insert(m.payloads.begin() + 1, make_payload(std::move(strange)));
          });
        });

MPSEC_CASE(
        .id = "rfc7296/3.7/announced-lookup-does-no-harm", .rules = {"rfc7296/3.7/lookup-may-be-announced"},
        .side = Side::responder, .features = {Feature::certificates},
        .wishes = {.certificates = Certificates::any},
        .does = "The tester says in IKE_AUTH that it can fetch certificates by URL.",
        .lawful = "The target proves itself, by a certificate in the message or by hash and URL.",
        .run = [](Tester& t) {
          t.establish();
          const auto announce = [](Message& m) {
            m.payloads.push_back(make_payload(make_notify(http_cert_lookup_supported)));
          };
          const auto [sa, response] = ask_auth(t, {.auth = announce});
          t.expect_no_error(response);
          t.check(find<Authentication>(response.payloads) != nullptr, "the target's AUTH payload", "none");
        });

}  // namespace mpsec::conformance
