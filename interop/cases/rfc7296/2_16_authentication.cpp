// RFC 7296 2.15, 2.16 and 2.21.2: whom the target believes.
#include "interop/suite/need.hpp"
#include "interop/suite/ways.hpp"

namespace mpsec::conformance {

using namespace wire::ike;
using enum NotifyType;

MPSEC_CASE(
        .id = "rfc7296/1.2/wrong-proof-is-refused", .rules = {"rfc7296/1.2/signatures-and-macs-are-verified"},
        .side = Side::responder, .does = "The last bit of the tester's AUTH payload is wrong.",
        .lawful = "AUTHENTICATION_FAILED and no child.", .hint = "Return codes of what verifies AUTH.",
        .run = [](Tester& t) {
          expect_auth_refused(t, {.auth = [](Message& m) { body_of<Authentication>(m).data.back() ^= 1; }},
                              {authentication_failed});
        });

MPSEC_CASE(
        .id = "rfc7296/2.15/empty-proof-is-refused",
        .rules = {"rfc7296/1.2/signatures-and-macs-are-verified"}, .side = Side::responder,
        .does = "The tester's AUTH payload has no authentication data at all.",
        .lawful = "AUTHENTICATION_FAILED or INVALID_SYNTAX, and no child.",
        .hint = "A comparison over no octets holds always.", .run = [](Tester& t) {
          expect_auth_refused(t, {.auth = [](Message& m) { body_of<Authentication>(m).data.clear(); }},
                              {authentication_failed, invalid_syntax});
        });

MPSEC_CASE(
        .id = "rfc7296/2.15/first-octets-of-a-proof-are-not-enough",
        .rules = {"rfc7296/1.2/signatures-and-macs-are-verified"}, .side = Side::responder,
        .does = "The tester's authentication data is right, but ends after eight octets.",
        .lawful = "AUTHENTICATION_FAILED or INVALID_SYNTAX, and no child.", .run = [](Tester& t) {
          expect_auth_refused(t, {.auth = [](Message& m) { body_of<Authentication>(m).data.resize(8); }},
                              {authentication_failed, invalid_syntax});
        });

MPSEC_CASE(
        .id = "rfc7296/2.21.2/unknown-identity-is-answered-by-authentication-failed",
        .rules = {"rfc7296/2.21.2/every-failure-to-authenticate-is-told",
                  "rfc7296/1.2/shared-key-belongs-to-the-id"},
        .side = Side::responder,
        .does = "The tester proves an identity that the target does not know, with the key of another.",
        .lawful = "AUTHENTICATION_FAILED and no child.", .run = [](Tester& t) {
          const auto stranger = [](Identification& id) {
            id.type = IdType::fqdn;
            const std::string_view name = "stranger.invalid";
            id.data.assign(name.begin(), name.end());
          };
          expect_auth_refused(t, {.identity = stranger}, {authentication_failed});
        });

MPSEC_CASE(
        .id = "rfc7296/2.21.2/identity-of-another-type-is-refused",
        .rules = {"rfc7296/1.2/shared-key-belongs-to-the-id"}, .side = Side::responder,
        .does = "The tester's ID has the octets of its identity and says that it is a key ID.",
        .lawful = "AUTHENTICATION_FAILED or INVALID_SYNTAX, and no child.",
        .hint = "Identities are compared by type and octets.", .run = [](Tester& t) {
          const auto other_type = [](Identification& id) {
            id.type = id.type == IdType::key_id ? IdType::fqdn : IdType::key_id;
          };
          expect_auth_refused(t, {.identity = other_type}, {authentication_failed, invalid_syntax});
        });

MPSEC_CASE(
        .id = "rfc7296/3.5/address-of-a-wrong-length-is-refused",
        .rules = {"rfc7296/2.21.2/every-failure-to-authenticate-is-told"}, .side = Side::responder,
        .does = "The tester's ID is said to be an IPv4 address and has three octets.",
        .lawful = "AUTHENTICATION_FAILED or INVALID_SYNTAX, and no child.", .run = [](Tester& t) {
          const auto short_address = [](Identification& id) {
            id.type = IdType::ipv4_addr;
            id.data = {192, 0, 2};
          };
          expect_auth_refused(t, {.identity = short_address}, {authentication_failed, invalid_syntax});
        });

MPSEC_CASE(
        .id = "rfc7296/2.21.2/request-without-a-proof-is-refused",
        .rules = {"rfc7296/2.21.2/broken-request-gets-one-of-two-notifies",
                  "rfc7296/2.21.2/broken-request-is-refused-whole"},
        .side = Side::responder, .does = "The tester's IKE_AUTH request has no AUTH payload.",
        .lawful = "INVALID_SYNTAX or AUTHENTICATION_FAILED and no child; or EAP, which the request asks for.",
        .run = [](Tester& t) {
          t.establish();
          const auto [sa, response] =
              ask_auth(t, {.auth = [](Message& m) { remove_payloads_of<Authentication>(m); }});
          t.check(find<SecurityAssociation>(response.payloads) == nullptr, "no Child SA", "an SA payload");
          t.check(has_error(response) || find<Eap>(response.payloads) != nullptr, "an error, or EAP",
                  "neither");
          t.expect_target_alive();
        });

MPSEC_CASE(
        .id = "rfc7296/2.21.2/request-without-an-identity-is-refused",
        .rules = {"rfc7296/2.21.2/broken-request-is-refused-whole"}, .side = Side::responder,
        .does = "The tester's IKE_AUTH request has no IDi payload.",
        .lawful = "INVALID_SYNTAX or AUTHENTICATION_FAILED, unless it is not answered at all, and no child.",
        .hint = "Payloads that must be there, and may not.", .run = [](Tester& t) {
          t.establish();
          IkeSession& sa = t.half_open();
          Message request = sa.auth_request();
          remove_payloads_of<IdentificationInitiator>(request);
          sa.send(request);
          if (const auto response = t.response_to(sa, request, t.link().patience())) {
            t.check(find<SecurityAssociation>(response->payloads) == nullptr, "no Child SA", "an SA payload");
            if (find_notify(response->payloads, authentication_failed) == nullptr)
              t.expect_notify(*response, invalid_syntax);
          }
          t.expect_target_alive();
        });

MPSEC_CASE(
        .id = "rfc7296/2.21.2/malformed-ike-auth-is-refused-whole",
        .rules = {"rfc7296/2.21.2/broken-request-gets-one-of-two-notifies",
                  "rfc7296/2.21.2/broken-request-is-refused-whole"},
        .side = Side::responder,
        .does = "An authentic IKE_AUTH request holds a payload that is longer than the message.",
        .lawful = "INVALID_SYNTAX, unless it is not answered at all, and no child.", .run = [](Tester& t) {
          t.establish();
          IkeSession& sa = t.half_open();
          const Message request = sa.auth_request();
          Octets plain = wire::ike::encode(request.payloads);
          plain[2] = 0xff;  // the first payload's length
          sa.send_octets(sa.seal_plain(request.header, PayloadType::identification_initiator, plain));
          if (const auto response = t.response_to(sa, request, t.link().patience()))
            t.expect_notify(*response, invalid_syntax);
          t.expect_target_alive();
        });

MPSEC_CASE(
        .id = "rfc7296/2.21.2/failed-authentication-leaves-no-ike-sa",
        .rules = {"rfc7296/2.21.2/errors-that-end-the-ike-sa-without-delete"}, .side = Side::responder,
        .does = "The tester's proof is wrong; after the refusal it sends INFORMATIONAL.",
        .lawful = "The IKE SA does not answer, and is not deleted by an exchange.", .run = [](Tester& t) {
          t.establish();
          const auto [sa, response] =
              ask_auth(t, {.auth = [](Message& m) { body_of<Authentication>(m).data.back() ^= 1; }});
          t.expect_notify(response, authentication_failed);
          sa.next_request = 2;
          t.expect_dead(sa);
          t.expect_silence(sa, [](const Message& m) { return !m.header.response; }, "request");
          t.expect_target_alive();
        });

MPSEC_CASE(
        .id = "rfc7296/2.21.2/refused-child-leaves-the-ike-sa",
        .rules = {"rfc7296/2.21.2/child-failure-leaves-the-ike-sa"}, .side = Side::responder,
        .does = "The tester offers the child a cipher that nobody knows.",
        .lawful = "IKE_AUTH has the target's proof and NO_PROPOSAL_CHOSEN, and the IKE SA lives.",
        .run = [](Tester& t) {
          t.establish();
          const auto [sa, response] = ask_auth(t, {.auth = [](Message& m) {
                                                 for (auto& one : body_of<SecurityAssociation>(m).proposals)
                                                   for (auto& transform : one.transforms)
                                                     if (transform.type == TransformType::encryption)
                                                       transform.id = 1000;
                                               }});
          t.expect_notify(response, no_proposal_chosen);
          t.check(find<Authentication>(response.payloads) != nullptr, "the target's AUTH payload", "none");
          sa.next_request = 2;
          t.expect_alive(sa);
        });

MPSEC_CASE(
        .id = "rfc7296/2.21.2/ike-sa-without-its-child-can-be-deleted",
        .rules = {"rfc7296/2.21.2/ike-sa-without-a-child-may-be-deleted"}, .side = Side::responder,
        .does = "The tester deletes an IKE SA on which the first child was refused.",
        .lawful = "The Delete is answered without an error.", .run = [](Tester& t) {
          t.establish();
          const auto [sa, response] =
              ask_auth(t, {.auth = [](Message& m) {
                         for (auto& transform : body_of<SecurityAssociation>(m).proposals.at(0).transforms)
                           transform.id = 1000;
                         body_of<SecurityAssociation>(m).proposals.resize(1);
                       }});
          t.control([&] { t.expect_notify(response, no_proposal_chosen); });
          sa.next_request = 2;
          const Message answered = t.ask(sa, sa.informational({make_payload(Delete{})}));
          t.expect_no_error(answered);
          t.expect_dead(sa);
        });

MPSEC_CASE(
        .id = "rfc7296/3.14/ike-auth-with-a-wrong-icv-is-dropped",
        .rules = {"rfc7296/1.2/signatures-and-macs-are-verified",
                  "rfc7296/3.14/checksum-over-the-encrypted-message"},
        .side = Side::responder,
        .does = "The tester sends its IKE_AUTH request with a wrong ICV, and then the right one.",
        .lawful = "The first is not answered; the second makes IKE SA and child.", .run = [](Tester& t) {
          IkeSession& sa = t.half_open();
          const Message request = sa.auth_request();
          Octets octets = sa.seal(request);
          octets.back() ^= 1;
          sa.send_octets(octets);
          t.expect_no_response(sa, request);
          const Message response = t.ask(sa, request);
          t.expect_no_error(response);
          static_cast<void>(t.ping(need_child(sa.take_auth(response))));
        });

}  // namespace mpsec::conformance
