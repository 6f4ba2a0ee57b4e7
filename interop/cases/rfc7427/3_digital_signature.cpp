// RFC 7427 3: the authentication method "Digital Signature".
#include "crypto/signature.hpp"
#include "interop/suite/need.hpp"
#include "interop/suite/ways.hpp"

namespace mpsec::conformance {

using namespace wire::ike;
using enum NotifyType;

namespace {

// The target's proof is good, and made as RFC 7427 has it if it has announced hashes itself.
void expect_digital_signature(Tester& t, IkeSession& sa, const Message& message) {
  if (sa.abilities().hashes.empty()) t.unsupported("the target announces no hashes for signatures");
  const auto& proof = need<Authentication>(message.payloads);
  t.check(proof.method == AuthenticationMethod::digital_signature, "the method Digital Signature (14)",
          to_string(proof.method));
  t.check(sa.proof_is_good(message), "an AUTH payload that proves the target's identity",
          "one that does not");
}

// IKE_AUTH whose digital signature is changed is refused.
void expect_signature_refused(Tester& t, const std::function<void(Tester&, Octets&)>& change,
                              std::initializer_list<NotifyType> whys) {
  expect_auth_refused(
      t,
      {.auth =
           [&](Message& m) {
             auto& proof = body_of<Authentication>(m);
             if (proof.method != AuthenticationMethod::digital_signature)
               t.unsupported("the target announces no hashes for signatures that the tester's key can make");
             change(t, proof.data);
           }},
      whys);
}

}  // namespace

MPSEC_CASE(
        .id = "rfc7427/3/digital-signature-where-both-announced-hashes-as-responder",
        .rules = {"rfc7427/3/method-where-both-announced-hashes", "rfc7427/3/identifier-behind-its-length"},
        .side = Side::responder, .features = {Feature::certificates},
        .wishes = {.certificates = Certificates::any},
        .does = "Both ends announce hashes; the tester looks at the target's proof.",
        .lawful = "AUTH has method 14, and is right under the certificate that comes with it.",
        .run = [](Tester& t) {
          t.establish();
          const auto [sa, response] = ask_auth(t);
          expect_digital_signature(t, sa, response);
        });

MPSEC_CASE(
        .id = "rfc7427/3/digital-signature-where-both-announced-hashes-as-initiator",
        .rules = {"rfc7427/3/method-where-both-announced-hashes", "rfc7427/3/identifier-behind-its-length"},
        .side = Side::initiator, .features = {Feature::certificates}, .hooks = {Hook::initiate},
        .wishes = {.certificates = Certificates::any},
        .does = "The target initiates towards a tester that announces hashes too.",
        .lawful = "AUTH has method 14, and is right under the certificate that comes with it.",
        .run = [](Tester& t) {
          IkeSession& sa = t.await_init_request();
          const Message request = await_auth_request(t, sa);
          expect_digital_signature(t, sa, request);
        });

MPSEC_CASE(
        .id = "rfc7427/3/unknown-algorithm-is-refused",
        .rules = {"rfc7427/3/identifier-names-signature-and-hash",
                  "rfc7296/2.21.2/every-failure-to-authenticate-is-told"},
        .side = Side::responder, .features = {Feature::certificates},
        .wishes = {.certificates = Certificates::any},
        .does = "The AlgorithmIdentifier before the tester's signature names what nobody knows.",
        .lawful = "AUTHENTICATION_FAILED and no child.",
        .hint = "The identifier is compared whole, not by its length.", .run = [](Tester& t) {
          expect_signature_refused(t, [](Tester&, Octets& data) { data.at(data.at(0)) ^= 0x7f; },
                                   {authentication_failed});
        });

MPSEC_CASE(
        .id = "rfc7427/3/algorithm-of-another-kind-of-key-is-refused",
        .rules = {"rfc7427/3/identifier-names-signature-and-hash",
                  "rfc7296/2.21.2/every-failure-to-authenticate-is-told"},
        .side = Side::responder, .features = {Feature::certificates},
        .wishes = {.certificates = Certificates::any},
        .does = "The AlgorithmIdentifier is one of an algorithm that the tester's key cannot be used with.",
        .lawful = "AUTHENTICATION_FAILED and no child.", .run = [](Tester& t) {
          const auto change = [](Tester&, Octets& data) {
            using crypto::HashId, crypto::SignatureScheme;
            const auto read = crypto::read_digital_signature(data).value();
            const bool is_ecdsa = read.algorithm->scheme == SignatureScheme::ecdsa;
            const auto* other = is_ecdsa
                                    ? crypto::find_signature(SignatureScheme::rsa_pkcs1, HashId::sha2_256)
                                    : crypto::find_signature(SignatureScheme::ecdsa, HashId::sha2_256);
            data =
                crypto::write_digital_signature(*other, Octets(read.signature.begin(), read.signature.end()));
          };
          expect_signature_refused(t, change, {authentication_failed});
        });

MPSEC_CASE(
        .id = "rfc7427/3/identifier-longer-than-the-data-is-refused",
        .rules = {"rfc7427/3/identifier-behind-its-length"}, .side = Side::responder,
        .features = {Feature::certificates}, .wishes = {.certificates = Certificates::any},
        .does =
            "Behind the length octet of the tester's authentication data stand two octets less than it says.",
        .lawful = "AUTHENTICATION_FAILED or INVALID_SYNTAX, and no child.", .run = [](Tester& t) {
          expect_signature_refused(t, [](Tester&, Octets& data) { data.resize(data.at(0) - 1u); },
                                   {authentication_failed, invalid_syntax});
        });

MPSEC_CASE(
        .id = "rfc7427/3/identifier-with-a-wrong-length-is-refused",
        .rules = {"rfc7427/3/identifier-behind-its-length"}, .side = Side::responder,
        .features = {Feature::certificates}, .wishes = {.certificates = Certificates::any},
        .does = "The length octet of the tester's authentication data counts one octet of the signature too.",
        .lawful = "AUTHENTICATION_FAILED or INVALID_SYNTAX, and no child.",
        .hint = "Whether the length is read from the octet or from the DER behind it.", .run = [](Tester& t) {
          expect_signature_refused(t, [](Tester&, Octets& data) { ++data.at(0); },
                                   {authentication_failed, invalid_syntax});
        });

}  // namespace mpsec::conformance
