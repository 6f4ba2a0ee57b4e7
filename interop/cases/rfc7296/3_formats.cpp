// RFC 7296 3: what the target sends in its responses, and what it does not look at in requests.
#include <algorithm>

#include "interop/suite/ways.hpp"

namespace mpsec::conformance {

using namespace wire::ike;

namespace {

// Both responses of the initial exchanges, after which the IKE SA is left alone.
struct Responses {
  Message init, auth;
};
Responses responses(Tester& t) {
  IkeSession& sa = t.begin({});
  const Message init = ask_init(t, sa);
  t.control([&] { sa.agree(init); });
  return {init, t.ask(sa, sa.auth_request())};
}

void check_headers(Tester& t, const Responses& both, const std::function<bool(const IkeHeader&)>& right,
                   std::string_view expected) {
  t.check(right(both.init.header) && right(both.auth.header), expected, "something else");
}

void check_payloads(Tester& t, const Responses& both, const std::function<bool(const Payload&)>& right,
                    std::string_view expected) {
  for (const Message* message : {&both.init, &both.auth})
    for (const Payload& payload : message->payloads)
      t.check(right(payload), expected, name_of(payload.body));
}

// Of an SA payload in a response.
void check_transforms(Tester& t, const Message& message, const std::function<bool(const Proposal&)>& right,
                      std::string_view expected) {
  const auto* sa = find<SecurityAssociation>(message.payloads);
  t.control([&] { t.check(sa != nullptr, "an SA payload", "none"); });
  for (const Proposal& one : sa->proposals)
    t.check(right(one), expected, "something else");
}

void expect_established_after_control(Tester& t, const Opening& opening) {
  t.establish();
  expect_established(t, opening);
}

}  // namespace

MPSEC_CASE(
        .id = "rfc7296/3.1/initiator-flag-is-clear-in-responses",
        .rules = {"rfc7296/3.1/no-initiator-flag-of-the-original-responder"}, .side = Side::responder,
        .does = "The tester looks at the headers of the initial responses.",
        .lawful = "The Initiator flag is clear.", .run = [](Tester& t) {
          check_headers(
              t, responses(t), [](const IkeHeader& h) { return !h.initiator; }, "the Initiator flag clear");
        });

MPSEC_CASE(
        .id = "rfc7296/3.1/response-flag-is-set-in-responses",
        .rules = {"rfc7296/3.1/response-flag-is-set-in-responses"}, .side = Side::responder,
        .does = "The tester sends IKE_AUTH and looks at all that comes under its IKE SA.",
        .lawful = "What answers it has the Response flag.", .run = [](Tester& t) {
          IkeSession& sa = t.half_open();
          sa.send(sa.auth_request());
          const auto answer = t.receive(
              sa, [](const Message& m) { return m.header.message_id == MessageId(1); }, t.link().patience());
          t.check(answer && answer->header.response, "the Response flag", "an answer without it");
        });

MPSEC_CASE(
        .id = "rfc7296/3.1/unused-flags-are-clear-in-responses",
        .rules = {"rfc7296/3.1/unused-flags-are-sent-as-zero", "rfc7296/2.5/reserved-is-sent-as-zero"},
        .side = Side::responder, .does = "The tester looks at the headers of the initial responses.",
        .lawful = "The flags without a name are clear.", .run = [](Tester& t) {
          check_headers(
              t, responses(t), [](const IkeHeader& h) { return h.reserved_high == 0 && h.reserved_low == 0; },
              "the unused flags clear");
        });

MPSEC_CASE(
        .id = "rfc7296/3.1/version-flag-is-clear-in-responses",
        .rules = {"rfc7296/3.1/version-flag-is-sent-as-zero"}, .side = Side::responder,
        .does = "The tester looks at the headers of the initial responses.",
        .lawful = "The Version flag is clear.", .run = [](Tester& t) {
          check_headers(
              t, responses(t), [](const IkeHeader& h) { return !h.higher_version; },
              "the Version flag clear");
        });

MPSEC_CASE(
        .id = "rfc7296/3.2/payloads-of-responses-are-not-critical",
        .rules = {"rfc7296/3.2/payloads-of-this-document-are-not-critical",
                  "rfc7296/2.5/responses-have-no-critical-payloads",
                  "rfc7296/3.12/vendor-id-is-not-critical"},
        .side = Side::responder, .does = "The tester looks at the payloads of the initial responses.",
        .lawful = "None is critical.", .run = [](Tester& t) {
          check_payloads(
              t, responses(t), [](const Payload& one) { return !one.header.critical; },
              "a payload that is not critical");
        });

MPSEC_CASE(
        .id = "rfc7296/3.2/reserved-bits-of-payloads-are-zero",
        .rules = {"rfc7296/3.2/reserved-bits-of-a-payload-are-zero", "rfc7296/2.5/reserved-is-sent-as-zero"},
        .side = Side::responder, .does = "The tester looks at the payloads of the initial responses.",
        .lawful = "The seven bits beside the critical flag are zero.", .run = [](Tester& t) {
          check_payloads(
              t, responses(t), [](const Payload& one) { return one.header.reserved == 0; },
              "reserved bits of zero");
        });

MPSEC_CASE(
        .id = "rfc7296/3.3.1/reserved-of-proposals-is-zero",
        .rules = {"rfc7296/3.3.1/reserved-of-a-proposal-is-zero"}, .side = Side::responder,
        .does = "The tester looks at the SA payloads of the initial responses.",
        .lawful = "RESERVED of each proposal is zero.", .run = [](Tester& t) {
          const auto both = responses(t);
          for (const Message* message : {&both.init, &both.auth})
            check_transforms(
                t, *message, [](const Proposal& one) { return one.reserved == 0; }, "RESERVED of zero");
        });

MPSEC_CASE(
        .id = "rfc7296/3.3.2/reserved-of-transforms-is-zero",
        .rules = {"rfc7296/3.3.2/reserved-of-a-transform-is-zero"}, .side = Side::responder,
        .does = "The tester looks at the SA payloads of the initial responses.",
        .lawful = "Both RESERVED octets of each transform are zero.", .run = [](Tester& t) {
          const auto both = responses(t);
          const auto zero = [](const Proposal& one) {
            return std::ranges::all_of(one.transforms, [](const Transform& each) {
              return each.reserved_1 == 0 && each.reserved_2 == 0;
            });
          };
          for (const Message* message : {&both.init, &both.auth})
            check_transforms(t, *message, zero, "RESERVED of zero");
        });

MPSEC_CASE(
        .id = "rfc7296/3.5/reserved-of-an-id-is-zero", .rules = {"rfc7296/3.5/reserved-of-an-id-is-zero"},
        .side = Side::responder, .does = "The tester looks at the IDr payload.",
        .lawful = "RESERVED is zero.", .run = [](Tester& t) {
          const auto both = responses(t);
          const auto* id = find<IdentificationResponder>(both.auth.payloads);
          t.check(id != nullptr && id->reserved == 0, "an IDr payload with RESERVED of zero", "another");
        });

MPSEC_CASE(
        .id = "rfc7296/3.5/identity-is-that-of-the-target",
        .rules = {"rfc7296/3.5/fqdn-has-no-terminator", "rfc7296/3.5/sends-one-of-four-types-of-id",
                  "rfc7296/3.5/mail-address-has-no-terminator"},
        .side = Side::responder, .does = "The tester looks at the IDr payload.",
        .lawful = "It has the type and the octets of the target's identity, and nothing behind them.",
        .run = [](Tester& t) {
          const auto both = responses(t);
          const auto* id = find<IdentificationResponder>(both.auth.payloads);
          t.check(id != nullptr && id->data == t.target().target_id.value,
                  "the octets of the target's identity", "others");
        });

MPSEC_CASE(
        .id = "rfc7296/3.8/reserved-of-auth-is-zero", .rules = {"rfc7296/3.8/reserved-of-auth-is-zero"},
        .side = Side::responder, .does = "The tester looks at the AUTH payload.",
        .lawful = "RESERVED is zero.", .run = [](Tester& t) {
          const auto both = responses(t);
          const auto* auth = find<Authentication>(both.auth.payloads);
          t.check(auth != nullptr && auth->reserved == 0, "an AUTH payload with RESERVED of zero", "another");
        });

MPSEC_CASE(
        .id = "rfc7296/3.13/reserved-of-selectors-is-zero",
        .rules = {"rfc7296/3.13/reserved-of-selectors-is-zero"}, .side = Side::responder,
        .does = "The tester looks at the TSi and TSr payloads.", .lawful = "RESERVED is zero.",
        .run = [](Tester& t) {
          const auto both = responses(t);
          const auto* own = find<TrafficSelectorsInitiator>(both.auth.payloads);
          const auto* theirs = find<TrafficSelectorsResponder>(both.auth.payloads);
          t.check(own != nullptr && theirs != nullptr && own->reserved == 0 && theirs->reserved == 0,
                  "TSi and TSr with RESERVED of zero", "others");
        });

MPSEC_CASE(
        .id = "rfc7296/3.4/key-exchange-is-of-the-chosen-group",
        .rules = {"rfc7296/3.4/ke-group-is-one-of-the-sa-payload", "rfc7296/2.5/reserved-is-sent-as-zero"},
        .side = Side::responder, .does = "The tester looks at the KE payload of the IKE_SA_INIT response.",
        .lawful = "Its group is that of the SA payload beside it, and RESERVED is zero.",
        .run = [](Tester& t) {
          const auto both = responses(t);
          const auto* own = find<KeyExchange>(both.init.payloads);
          t.control([&] { t.check(own != nullptr, "a KE payload", "none"); });
          const auto names_it = [&](const Proposal& one) {
            return std::ranges::any_of(one.transforms, [&](const Transform& group) {
              return group.type == TransformType::key_exchange && group.id == own->method;
            });
          };
          check_transforms(t, both.init, names_it, "the group of the KE payload");
          t.check(own->reserved == 0, "RESERVED of zero", "another value");
        });

MPSEC_CASE(
        .id = "rfc7296/3.10/notify-without-spi-has-no-protocol",
        .rules = {"rfc7296/3.10/notify-without-spi-has-no-protocol",
                  "rfc7296/3.10/notify-of-the-ike-sa-has-no-spi"},
        .side = Side::responder, .does = "The tester looks at the Notify payloads of the initial responses.",
        .lawful = "Those without an SPI have zero for their protocol.", .run = [](Tester& t) {
          const auto both = responses(t);
          for (const Message* message : {&both.init, &both.auth})
            for (const Notify* one : find_all<Notify>(message->payloads))
              t.check(one->spi_size != 0 || one->protocol == ProtocolId::none, "no protocol without an SPI",
                      "one");
        });

MPSEC_CASE(
        .id = "rfc7296/3.3.1/reserved-of-proposals-and-transforms-is-ignored",
        .rules = {"rfc7296/3.3.1/reserved-of-a-proposal-is-ignored",
                  "rfc7296/3.3.2/reserved-of-a-transform-is-ignored"},
        .side = Side::responder, .does = "RESERVED of all proposals and transforms is 255.",
        .lawful = "The initial exchanges make an IKE SA and a child.", .run = [](Tester& t) {
          const auto bent = [](Message& message) {
            for (Proposal& one : body_of<SecurityAssociation>(message).proposals) {
              one.reserved = 255;
              for (Transform& transform : one.transforms)
                transform.reserved_1 = transform.reserved_2 = 255;
            }
          };
          expect_established_after_control(t, {.init = bent, .auth = bent});
        });

MPSEC_CASE(
        .id = "rfc7296/3.5/reserved-of-an-id-is-ignored-and-proved",
        .rules = {"rfc7296/3.5/reserved-of-an-id-is-ignored"}, .side = Side::responder,
        .does = "RESERVED of the tester's ID is not zero, and enters its AUTH payload.",
        .lawful = "The proof is good: there is an IKE SA and a child.",
        .hint = "AUTH covers the ID payload's body as it came.", .run = [](Tester& t) {
          expect_established_after_control(t,
                                           {.identity = [](Identification& id) { id.reserved = 0x123456; }});
        });

MPSEC_CASE(
        .id = "rfc7296/3.8/reserved-of-auth-and-selectors-is-ignored",
        .rules = {"rfc7296/3.8/reserved-of-auth-is-ignored", "rfc7296/3.13/reserved-of-selectors-is-ignored"},
        .side = Side::responder, .does = "RESERVED of the AUTH, TSi and TSr payloads is not zero.",
        .lawful = "The initial exchanges make an IKE SA and a child.", .run = [](Tester& t) {
          expect_established_after_control(t, {.auth = [](Message& m) {
                                             body_of<Authentication>(m).reserved = 0x123456;
                                             body_of<TrafficSelectorsInitiator>(m).reserved = 0x123456;
                                             body_of<TrafficSelectorsResponder>(m).reserved = 0x123456;
                                           }});
        });

MPSEC_CASE(
        .id = "rfc7296/3.10/protocol-without-spi-is-ignored",
        .rules = {"rfc7296/3.10/protocol-without-spi-is-ignored"}, .side = Side::responder,
        .does = "All Notify payloads of IKE_SA_INIT say protocol 1, and have no SPI.",
        .lawful = "The initial exchanges make an IKE SA and a child.", .run = [](Tester& t) {
          expect_established_after_control(t, {.init = [](Message& m) {
                                             for (Payload& payload : m.payloads)
                                               if (auto* one = std::get_if<Notify>(&payload.body))
                                                 one->protocol = ProtocolId::ike;
                                           }});
        });

MPSEC_CASE(
        .id = "rfc7296/3.10.1/unknown-notifies-in-a-request-are-ignored",
        .rules = {"rfc7296/3.10.1/unknown-notifies-are-ignored", "rfc7296/3.10.1/unknown-status-is-ignored"},
        .side = Side::responder,
        .does = "An error and a status that no document defines stand in IKE_AUTH and in INFORMATIONAL.",
        .lawful = "They have no effect.", .run = [](Tester& t) {
          const auto bent = [](Message& m) {
            m.payloads.push_back(make_payload(make_notify(unknown_error, {1, 2, 3})));
            m.payloads.push_back(make_payload(make_notify(unknown_status)));
          };
          t.establish();
          IkeSession& sa = expect_established(t, {.auth = bent});
          expect_informational(t, sa,
                               {make_payload(make_notify(unknown_error)),
                                make_payload(make_notify(unknown_status, {1, 2, 3}))});
        });

MPSEC_CASE(
        .id = "rfc7296/3.12/unknown-vendor-ids-are-ignored",
        .rules = {"rfc7296/3.12/unknown-vendor-id-is-ignored", "rfc7296/3.12/several-vendor-ids",
                  "rfc7296/3.12/vendor-id-may-name-the-program"},
        .side = Side::responder,
        .does = "Three Vendor IDs, one of them empty, stand in both initial requests.",
        .lawful = "They have no effect.", .run = [](Tester& t) {
          const auto bent = [](Message& m) {
            for (const std::size_t octets : {0u, 7u, 200u})
              m.payloads.push_back(make_payload(VendorId{Octets(octets, 0x76)}));
          };
          expect_established_after_control(t, {.init = bent, .auth = bent});
        });

}  // namespace mpsec::conformance
