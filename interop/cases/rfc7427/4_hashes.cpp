// RFC 7427 4: which hashes signatures are made with.
#include "crypto/signature.hpp"
#include "interop/suite/need.hpp"
#include "interop/suite/ways.hpp"

namespace mpsec::conformance {

using namespace wire::ike;
using enum NotifyType;

namespace {

// The tester announces these in IKE_SA_INIT; none: it does not announce any.
std::function<void(Message&)> announcing(std::vector<std::uint16_t> hashes) {
  return [hashes = std::move(hashes)](Message& m) {
    std::erase_if(m.payloads, [](const Payload& one) {
      const auto* notify = std::get_if<Notify>(&one.body);
      return notify != nullptr && notify->type == signature_hash_algorithms;
    });
    if (hashes.empty()) return;
    Octets data;
    for (const std::uint16_t hash : hashes)
      append_be(data, hash);
    m.payloads.push_back(make_payload(make_notify(signature_hash_algorithms, std::move(data))));
  };
}

void expect_list(Tester& t, const Message& init) {
  const Notify* list = find_notify(init.payloads, signature_hash_algorithms);
  if (list == nullptr) t.unsupported("the target announces no hashes for signatures");
  t.check(!list->data.empty() && list->data.size() % 2 == 0,
          "identifiers of two octets each, and nothing else", fmt::format("{} octets", list->data.size()));
  t.check(static_cast<unsigned>(list->protocol) == 0 && list->spi.empty(),
          "a Notify of no protocol, without an SPI", "one that is of an SA");
}

// The signature is made with a hash among these, or none is made.
void expect_hash_among(Tester& t, const Message& response, std::initializer_list<crypto::HashId> announced) {
  const auto* proof = find<Authentication>(response.payloads);
  if (proof == nullptr) {
    t.check(has_error(response), "a proof, or an error", "neither");
    return;
  }
  if (proof->method != AuthenticationMethod::digital_signature) return;  // judged by another case
  const auto read = crypto::read_digital_signature(proof->data);
  t.check(read.has_value(), "an AlgorithmIdentifier of a signature", "another");
  t.check(std::ranges::find(announced, read->algorithm->hash) != announced.end(),
          "a hash that the tester has announced", read->algorithm->name);
}

}  // namespace

MPSEC_CASE(
        .id = "rfc7427/4/list-of-hashes-is-well-formed-as-responder",
        .rules = {"rfc7427/4/list-of-identifiers-of-two-octets", "rfc7427/4/notify-of-no-protocol"},
        .side = Side::responder, .features = {Feature::certificates},
        .wishes = {.certificates = Certificates::any}, .does = "The tester announces hashes in IKE_SA_INIT.",
        .lawful =
            "SIGNATURE_HASH_ALGORITHMS in the response has no protocol and no SPI, and holds identifiers of "
            "two octets.",
        .run = [](Tester& t) { expect_list(t, t.control([&] { return expect_init_taken(t, {}); })); });

MPSEC_CASE(
        .id = "rfc7427/4/list-of-hashes-is-well-formed-as-initiator",
        .rules = {"rfc7427/4/list-of-identifiers-of-two-octets", "rfc7427/4/notify-of-no-protocol"},
        .side = Side::initiator, .features = {Feature::certificates}, .hooks = {Hook::initiate},
        .wishes = {.certificates = Certificates::any}, .does = "The target begins an IKE SA.",
        .lawful =
            "SIGNATURE_HASH_ALGORITHMS in its request has no protocol and no SPI, and holds identifiers of "
            "two octets.",
        .run = [](Tester& t) { expect_list(t, t.await_init_request().waiting.front()); });

MPSEC_CASE(
        .id = "rfc7427/4/signature-has-a-hash-that-was-announced",
        .rules = {"rfc7427/4/hash-picked-from-the-peers-list"}, .side = Side::responder,
        .features = {Feature::certificates}, .wishes = {.certificates = Certificates::any},
        .does = "The tester announces SHA2-256 alone, and proves itself.",
        .lawful =
            "The target's signature is over SHA2-256; or it has none, since its key takes another hash.",
        .hint = "Ed25519 is used only where the hash Identity was announced.", .run = [](Tester& t) {
          t.establish();
          const auto [sa, response] = ask_auth(t, {.init = announcing({2})});
          expect_hash_among(t, response, {crypto::HashId::sha2_256});
          t.expect_target_alive();
        });

MPSEC_CASE(
        .id = "rfc7427/4/unknown-hashes-are-passed-over",
        .rules = {"rfc7427/4/hash-picked-from-the-peers-list"}, .side = Side::responder,
        .features = {Feature::certificates}, .wishes = {.certificates = Certificates::any},
        .does = "Before the hashes that the tester knows it announces one that nobody does.",
        .lawful = "Both ends prove themselves as if it were not there.", .run = [](Tester& t) {
          t.establish();
          const Opening opening{.init = announcing({65000, 2, 3, 4, 5})};
          IkeSession& sa = expect_agreed(t, opening);
          const Message response = t.ask(sa, sa.auth_request());
          t.expect_no_error(response);
          expect_hash_among(t, response,
                            {crypto::HashId::sha2_256, crypto::HashId::sha2_384, crypto::HashId::sha2_512,
                             crypto::HashId::identity});
          t.check(sa.proof_is_good(response), "an AUTH payload that proves the target's identity",
                  "one that does not");
        });

MPSEC_CASE(
        .id = "rfc7427/4/no-digital-signature-for-who-announced-no-hash",
        .rules = {"rfc7427/4/digital-signature-only-where-hashes-were-announced",
                  "rfc7296/3.8/rsa-method-is-pkcs1-version-1-5"},
        .side = Side::responder, .features = {Feature::certificates},
        .wishes = {.certificates = Certificates::rsa},
        .does = "The tester announces no hashes, and proves itself by method 1 with an RSA key.",
        .lawful =
            "The target makes its own proof by a method other than 14; or it refuses, having no such method "
            "for its key, or for a signature of method 1 over SHA2-256.",
        .hint = "Method 1 is PKCS #1 version 1.5; which hash it is stands in the signature.",
        .run = [](Tester& t) {
          const Opening opening{.credential = rsa_credential(*t.target().signer), .init = announcing({})};
          IkeSession& sa = t.half_open(opening);
          const Message response = t.ask(sa, sa.auth_request());
          if (find_notify(response.payloads, authentication_failed) != nullptr)
            t.unsupported("the target has no method before RFC 7427 in common with the tester");
          t.expect_no_error(response);
          const auto& proof = need<Authentication>(response.payloads);
          t.check(proof.method != AuthenticationMethod::digital_signature, "a method before RFC 7427",
                  to_string(proof.method));
          t.check(sa.proof_is_good(response), "an AUTH payload that proves the target's identity",
                  "one that does not");
        });

}  // namespace mpsec::conformance
