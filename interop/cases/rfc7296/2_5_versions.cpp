// RFC 7296 2.5 and 3.1: versions, what a receiver does not look at, and what it does not know.
#include <algorithm>

#include "interop/suite/ways.hpp"

namespace mpsec::conformance {

using namespace wire::ike;

namespace {

// Of one message: sent, it is answered by an IKE SA.
void expect_header_ignored(Tester& t, const std::function<void(IkeHeader&)>& bend) {
  const auto bent = [&](Message& message) { bend(message.header); };
  t.establish();
  IkeSession& sa = expect_established(t, {.init = bent, .auth = bent});
  Message request = sa.informational();
  bend(request.header);
  t.expect_no_error(t.ask(sa, request));
  t.expect_alive(sa);
}

// A critical payload of unknown type in the response is named by the refusal.
void expect_critical_refused(Tester& t, const Message& response) {
  t.expect_notify(response, NotifyType::unsupported_critical_payload);
  const Notify* refusal = find_notify(response.payloads, NotifyType::unsupported_critical_payload);
  t.check(refusal->data == Octets{200}, "the type of the payload, in one octet", "other data");
}

}  // namespace

MPSEC_CASE(
        .id = "rfc7296/2.5/higher-minor-version-is-ignored",
        .rules = {"rfc7296/2.5/higher-minor-version-is-ignored",
                  "rfc7296/3.1/minor-version-received-does-not-matter"},
        .side = Side::responder, .does = "All messages of the tester say that they are of version 2.1.",
        .lawful = "They are taken as if they were of 2.0.", .run = [](Tester& t) {
          expect_header_ignored(t, [](IkeHeader& header) { header.minor_version = 1; });
        });

MPSEC_CASE(
        .id = "rfc7296/2.5/minor-version-is-answered-in-2-0",
        .rules = {"rfc7296/3.1/minor-version-is-0", "rfc7296/3.1/major-version-is-2",
                  "rfc7296/2.5/answer-is-in-the-version-asked-in"},
        .side = Side::responder, .does = "The tester sends IKE_SA_INIT of version 2.15.",
        .lawful = "The response is of version 2.0.", .run = [](Tester& t) {
          t.half_open();
          const Message response =
              expect_init_taken(t, {.init = [](Message& m) { m.header.minor_version = 15; }});
          t.check(response.header.major_version == 2 && response.header.minor_version == 0,
                  "a response of version 2.0", "one of another version");
        });

MPSEC_CASE(
        .id = "rfc7296/2.5/higher-major-version-is-dropped",
        .rules = {"rfc7296/2.5/higher-major-version-is-dropped", "rfc7296/3.1/higher-version-is-turned-down",
                  "rfc7296/2.5/higher-major-version-is-answered"},
        .side = Side::responder, .does = "The tester sends IKE_SA_INIT of version 3.0.",
        .lawful = "Nothing, or INVALID_MAJOR_VERSION in a response of version 2.", .run = [](Tester& t) {
          t.half_open();
          IkeSession& sa = t.begin({.init = [](Message& m) { m.header.major_version = 3; }});
          const Message request = sa.init_request();
          sa.send(request);
          if (const auto response = t.response_to(sa, request, t.link().patience())) {
            t.expect_notify(*response, NotifyType::invalid_major_version);
            t.check(response->header.major_version == 2, "a response of version 2", "one of another");
          }
          t.expect_target_alive();
        });

MPSEC_CASE(
        .id = "rfc7296/3.1/unused-flags-are-ignored",
        .rules = {"rfc7296/3.1/unused-flags-are-ignored", "rfc7296/2.5/reserved-is-not-looked-at"},
        .side = Side::responder, .does = "The five unused flags are set in all messages of the tester.",
        .lawful = "They are taken as if the flags were clear.", .run = [](Tester& t) {
          expect_header_ignored(t,
                                [](IkeHeader& header) { header.reserved_high = 3, header.reserved_low = 7; });
        });

MPSEC_CASE(
        .id = "rfc7296/3.1/version-flag-is-ignored", .rules = {"rfc7296/3.1/version-flag-is-ignored"},
        .side = Side::responder, .does = "The Version flag is set in all messages of the tester.",
        .lawful = "They are taken as if it were clear.", .run = [](Tester& t) {
          expect_header_ignored(t, [](IkeHeader& header) { header.higher_version = true; });
        });

MPSEC_CASE(
        .id = "rfc7296/2.5/unknown-payload-in-ike-sa-init-is-skipped",
        .rules = {"rfc7296/2.5/unknown-uncritical-payload-is-ignored",
                  "rfc7296/2.5/undefined-payloads-are-skipped", "rfc7296/4/every-payload-type-can-be-parsed"},
        .side = Side::responder, .does = "A payload of type 200, not critical, precedes all in IKE_SA_INIT.",
        .lawful = "The initial exchanges make an IKE SA and a child.", .run = [](Tester& t) {
          t.establish();
          expect_established(
              t, {.init = [](Message& m) { m.payloads.insert(m.payloads.begin(), unknown_payload(false)); }});
        });

MPSEC_CASE(
        .id = "rfc7296/2.5/unknown-payload-in-ike-auth-is-skipped",
        .rules = {"rfc7296/2.5/undefined-payloads-are-skipped",
                  "rfc7296/2.5/unknown-uncritical-payload-is-ignored"},
        .side = Side::responder, .does = "A payload of type 200, not critical, precedes all in IKE_AUTH.",
        .lawful = "The initial exchanges make an IKE SA and a child.", .run = [](Tester& t) {
          t.establish();
          expect_established(
              t, {.auth = [](Message& m) { m.payloads.insert(m.payloads.begin(), unknown_payload(false)); }});
        });

MPSEC_CASE(
        .id = "rfc7296/2.5/unknown-payload-in-informational-is-skipped",
        .rules = {"rfc7296/2.5/unknown-uncritical-payload-is-ignored",
                  "rfc7296/2.5/undefined-payloads-are-skipped"},
        .side = Side::responder, .does = "INFORMATIONAL has a payload of type 200 that is not critical.",
        .lawful = "It is answered without an error.",
        .run = [](Tester& t) { expect_informational(t, t.establish(), {unknown_payload(false)}); });

MPSEC_CASE(
        .id = "rfc7296/2.5/unknown-critical-payload-in-ike-sa-init-is-refused",
        .rules = {"rfc7296/2.5/unknown-critical-payload-is-rejected",
                  "rfc7296/4/unsupported-critical-payload-is-refused"},
        .side = Side::responder, .does = "A critical payload of type 200 is in IKE_SA_INIT.",
        .lawful = "UNSUPPORTED_CRITICAL_PAYLOAD, with that type, and no IKE SA.", .run = [](Tester& t) {
          t.half_open();
          IkeSession& sa = t.begin({.init = [](Message& m) { m.payloads.push_back(unknown_payload(true)); }});
          const Message response = t.ask(sa, sa.init_request());
          expect_critical_refused(t, response);
          t.expect_target_alive();
        });

MPSEC_CASE(
        .id = "rfc7296/2.5/unknown-critical-payload-in-ike-auth-is-refused",
        .rules = {"rfc7296/2.5/unknown-critical-payload-is-rejected",
                  "rfc7296/2.21.2/broken-request-is-refused-whole"},
        .side = Side::responder, .does = "A critical payload of type 200 is in IKE_AUTH.",
        .lawful = "UNSUPPORTED_CRITICAL_PAYLOAD, with that type, and no child.", .run = [](Tester& t) {
          t.establish();
          const auto [sa, response] =
              ask_auth(t, {.auth = [](Message& m) { m.payloads.push_back(unknown_payload(true)); }});
          expect_critical_refused(t, response);
          t.check(find<SecurityAssociation>(response.payloads) == nullptr, "no Child SA", "an SA payload");
          t.expect_target_alive();
        });

MPSEC_CASE(
        .id = "rfc7296/2.5/unknown-critical-payload-in-informational-is-refused",
        .rules = {"rfc7296/4/unsupported-critical-payload-is-refused",
                  "rfc7296/2.21.3/request-with-an-error-is-answered"},
        .side = Side::responder, .does = "INFORMATIONAL has a critical payload of type 200.",
        .lawful = "UNSUPPORTED_CRITICAL_PAYLOAD, with that type; the IKE SA lives.", .run = [](Tester& t) {
          IkeSession& sa = t.establish();
          expect_critical_refused(t, t.ask(sa, sa.informational({unknown_payload(true)})));
          t.expect_alive(sa);
        });

MPSEC_CASE(
        .id = "rfc7296/3.2/critical-flag-of-known-payloads-is-ignored",
        .rules = {"rfc7296/3.2/critical-flag-of-a-known-payload-is-ignored",
                  "rfc7296/3.2/payload-types-of-this-document-are-known"},
        .side = Side::responder, .does = "All payloads of the initial exchanges are critical.",
        .lawful = "They make an IKE SA and a child.", .run = [](Tester& t) {
          const auto bent = [](Message& message) {
            for (Payload& payload : message.payloads)
              payload.header.critical = true;
          };
          t.establish();
          expect_established(t, {.init = bent, .auth = bent});
        });

MPSEC_CASE(
        .id = "rfc7296/3.2/reserved-bits-of-payloads-are-ignored",
        .rules = {"rfc7296/3.2/reserved-bits-of-a-payload-are-ignored"}, .side = Side::responder,
        .does = "The seven reserved bits are set in all payloads of the initial exchanges.",
        .lawful = "They make an IKE SA and a child.", .run = [](Tester& t) {
          const auto bent = [](Message& message) {
            for (Payload& payload : message.payloads)
              payload.header.reserved = 0x7f;
          };
          t.establish();
          expect_established(t, {.init = bent, .auth = bent});
        });

MPSEC_CASE(
        .id = "rfc7296/2.5/any-order-of-payloads-in-ike-sa-init-is-taken",
        .rules = {"rfc7296/2.5/unusual-order-is-valid",
                  "rfc7296/1.7/order-of-payloads-is-no-ground-to-refuse"},
        .side = Side::responder, .does = "The payloads of IKE_SA_INIT stand the other way round.",
        .lawful = "The initial exchanges make an IKE SA and a child.", .run = [](Tester& t) {
          t.establish();
          expect_established(t, {.init = [](Message& m) { std::ranges::reverse(m.payloads); }});
        });

MPSEC_CASE(
        .id = "rfc7296/2.5/any-order-of-payloads-in-ike-auth-is-taken",
        .rules = {"rfc7296/1.7/order-of-payloads-is-no-ground-to-refuse",
                  "rfc7296/2.5/unusual-order-is-valid"},
        .side = Side::responder, .does = "The payloads of IKE_AUTH stand the other way round.",
        .lawful = "The initial exchanges make an IKE SA and a child.", .run = [](Tester& t) {
          t.establish();
          expect_established(t, {.auth = [](Message& m) { std::ranges::reverse(m.payloads); }});
        });

MPSEC_CASE(
        .id = "rfc7296/2.5/payloads-come-in-the-usual-order",
        .rules = {"rfc7296/2.5/payloads-in-the-usual-order"}, .side = Side::responder,
        .does = "The tester looks at the order of payloads in the IKE_AUTH response.",
        .lawful = "IDr, CERT, AUTH, SA, TSi and TSr come in this order, those that are there.",
        .run = [](Tester& t) {
          const auto [sa, response] = ask_auth(t);
          std::vector<PayloadType> order;
          for (const Payload& payload : response.payloads)
            if (type_of(payload.body) != PayloadType::notify &&
                type_of(payload.body) != PayloadType::vendor_id)
              order.push_back(type_of(payload.body));
          const std::vector usual{PayloadType::identification_responder,
                                  PayloadType::certificate,
                                  PayloadType::authentication,
                                  PayloadType::configuration,
                                  PayloadType::security_association,
                                  PayloadType::traffic_selector_initiator,
                                  PayloadType::traffic_selector_responder};
          const auto place = [&](PayloadType type) { return std::ranges::find(usual, type) - usual.begin(); };
          t.check(std::ranges::is_sorted(order, {}, place), "the order of RFC 7296 1.2", "another");
        });

}  // namespace mpsec::conformance
