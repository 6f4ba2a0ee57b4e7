// Against how an initiator takes the answers to its IKE_SA_INIT and IKE_AUTH requests: RFC
// 7296 1.2, 2.5, 2.6, 2.21, 3.
#include "interop/defects/bends.hpp"

namespace mpsec::conformance {

using namespace wire::ike;

namespace {

Bent in_responses(ExchangeType exchange, std::function<void(Message&)> bend) {
  return incoming([=, bend = std::move(bend)](Message& message) {
    if (is_response(message, exchange)) bend(message);
  });
}

// Does not go on with an answer like this.
Bent stumbles_over(std::function<bool(const Message&)> like) {
  return incoming([like = std::move(like)](Message& message) {
    const bool initial =
        is_response(message, ExchangeType::ike_sa_init) || is_response(message, ExchangeType::ike_auth);
    if (initial && like(message)) message.payloads.clear();
  });
}

bool any(const Message& message, bool (*like)(const Payload&)) {
  return std::ranges::any_of(message.payloads, like);
}
bool is_unknown(const Payload& one) {
  return std::holds_alternative<UnknownPayload>(one.body);
}

void mend_cipher(Message& message) {
  if (auto* sa = find<SecurityAssociation>(message.payloads))
    for (Transform& one : sa->proposals.front().transforms)
      if (one.type == TransformType::encryption && one.id == 28)
        one.id = 20, one.attributes = {{.value = 128}};
}

// The KE payload is not of the first group that was tried: the request is one after INVALID_KE_PAYLOAD.
bool has_other_group(const Message& message) {
  const auto* ke = find<KeyExchange>(message.payloads);
  return ke != nullptr && ke->method != static_cast<std::uint16_t>(crypto::KeyExchangeId::curve25519);
}

}  // namespace

// --- 2.6

MPSEC_DEFECT(
        .id = "initiator-returns-no-cookie", .rule = "rfc7296/2.6/retry-with-the-cookie",
        .does = "Leaves the cookie out of its next request.", .make = [] {
          return in_requests(ExchangeType::ike_sa_init,
                             [](Message& message) { remove_notify(message, NotifyType::cookie); });
        });

MPSEC_DEFECT(
        .id = "initiator-puts-the-cookie-last", .rule = "rfc7296/2.6/retry-with-the-cookie",
        .does = "Has the cookie behind all other payloads.", .make = [] {
          return in_requests(ExchangeType::ike_sa_init, [](Message& message) {
            if (find_notify(message.payloads, NotifyType::cookie) != nullptr)
              std::ranges::rotate(message.payloads, message.payloads.begin() + 1);
          });
        });

MPSEC_DEFECT(
        .id = "initiator-cuts-cookies-at-32-octets", .rule = "rfc7296/2.6/cookie-has-1-to-64-octets",
        .does = "Returns at most 32 octets of a cookie.", .make = [] {
          return in_requests(ExchangeType::ike_sa_init, [](Message& message) {
            for (Payload& one : message.payloads)
              if (auto* notify = std::get_if<Notify>(&one.body);
                  notify != nullptr && notify->type == NotifyType::cookie && notify->data.size() > 32)
                notify->data.resize(32);
          });
        });

MPSEC_DEFECT(
        .id = "initiator-drops-the-cookie-with-a-new-group",
        .rule = "rfc7296/2.6.1/cookie-is-kept-with-the-new-group",
        .does = "Sends no cookie with a KE payload of another group than the first.", .make = [] {
          return in_requests(ExchangeType::ike_sa_init, [](Message& message) {
            if (has_other_group(message)) remove_notify(message, NotifyType::cookie);
          });
        });

MPSEC_DEFECT(
        .id = "initiator-gives-no-second-cookie", .rule = "rfc7296/2.6.1/longer-exchange-is-no-failure",
        .does = "Does not go on if it is asked for a cookie after another group.", .make = [] {
          const auto moved = std::make_shared<bool>(false);
          return in_responses(ExchangeType::ike_sa_init, [=](Message& message) {
            *moved |= find_notify(message.payloads, NotifyType::invalid_ke_payload) != nullptr;
            if (*moved && find_notify(message.payloads, NotifyType::cookie) != nullptr)
              message.payloads.clear();
          });
        });

// --- INVALID_KE_PAYLOAD

MPSEC_DEFECT(
        .id = "initiator-tries-no-other-group", .rule = "rfc7296/1.2/retry-with-the-group-asked-for",
        .does = "Ignores INVALID_KE_PAYLOAD.", .make = [] {
          return in_responses(ExchangeType::ike_sa_init, [](Message& message) {
            if (find_notify(message.payloads, NotifyType::invalid_ke_payload)) message.payloads.clear();
          });
        });

MPSEC_DEFECT(
        .id = "initiator-offers-only-the-group-asked-for",
        .rule = "rfc7296/1.2/retry-offers-all-suites-again",
        .does = "Offers only the group that it was asked for.", .make = [] {
          return in_requests(ExchangeType::ike_sa_init, [](Message& message) {
            if (!has_other_group(message)) return;
            const auto group = find<KeyExchange>(message.payloads)->method;
            for (Proposal& one : find<SecurityAssociation>(message.payloads)->proposals)
              std::erase_if(one.transforms, [&](const Transform& transform) {
                return transform.type == TransformType::key_exchange && transform.id != group;
              });
          });
        });

MPSEC_DEFECT(
        .id = "initiator-follows-to-a-group-not-offered",
        .rule = "rfc7296/3.4/ke-group-is-one-of-the-sa-payload",
        .does = "Sends a KE payload of whatever group it is asked for.", .make = [] {
          const auto asked = std::make_shared<std::uint16_t>(0);
          const auto known = static_cast<std::uint16_t>(crypto::KeyExchangeId::ecp_256);
          return outgoing_and_incoming(
              [=](Message& message) {
                if (*asked != 0 && is_request(message, ExchangeType::ike_sa_init) && has_other_group(message))
                  find<KeyExchange>(message.payloads)->method = *asked;
              },
              [=](Message& message) {
                for (Payload& one : message.payloads)
                  if (auto* notify = std::get_if<Notify>(&one.body);
                      notify != nullptr && notify->type == NotifyType::invalid_ke_payload &&
                      notify->data == Octets{0, 1})
                    *asked = 1, notify->data = {0, static_cast<std::uint8_t>(known)};
              });
        });

// --- answers that are not to be believed

MPSEC_DEFECT(
        .id = "initiator-believes-the-first-refusal",
        .rule = "rfc7296/2.21.1/unauthenticated-errors-are-waited-out",
        .does = "Takes no other answer to IKE_SA_INIT after NO_PROPOSAL_CHOSEN.", .make = [] {
          const auto refused = std::make_shared<bool>(false);
          return in_responses(ExchangeType::ike_sa_init, [=](Message& message) {
            *refused |= find_notify(message.payloads, NotifyType::no_proposal_chosen) != nullptr;
            if (*refused) message.payloads.clear();
          });
        });

MPSEC_DEFECT(
        .id = "initiator-takes-major-version-3", .rule = "rfc7296/2.5/higher-major-version-is-dropped",
        .does = "Reads a response of major version 3 as one of version 2.", .make = [] {
          return datagrams(
              [](Datagram one) {
                if (one.octets.size() > 19 && one.octets[17] == 0x30 && (one.octets[19] & 0x20) != 0)
                  one.octets[17] = 0x20;
                return std::vector{one};
              },
              {});
        });

MPSEC_DEFECT(
        .id = "initiator-takes-a-suite-it-did-not-offer",
        .rule = "rfc7296/3.3.6/initiator-checks-the-accepted-offer",
        .does = "Goes on with a cipher for IKE that it did not offer.",
        .make = [] { return in_responses(ExchangeType::ike_sa_init, mend_cipher); });

MPSEC_DEFECT(
        .id = "initiator-takes-a-child-suite-it-did-not-offer",
        .rule = "rfc7296/3.3.6/initiator-checks-the-accepted-offer",
        .does = "Goes on with a cipher for ESP that it did not offer.",
        .make = [] { return in_responses(ExchangeType::ike_auth, mend_cipher); });

MPSEC_DEFECT(
        .id = "initiator-takes-two-transforms-of-a-type",
        .rule = "rfc7296/3.3.6/initiator-checks-the-accepted-offer",
        .does = "Takes the first of two transforms of one type in an answer.", .make = [] {
          return in_responses(ExchangeType::ike_sa_init, [](Message& message) {
            auto* sa = find<SecurityAssociation>(message.payloads);
            if (sa == nullptr) return;
            std::vector<Transform> kept;
            for (const Transform& one : sa->proposals.front().transforms)
              if (std::ranges::find(kept, one.type, &Transform::type) == kept.end()) kept.push_back(one);
            sa->proposals.front().transforms = kept;
            static_cast<void>(wire::ike::complete(message));
          });
        });

MPSEC_DEFECT(
        .id = "initiator-takes-a-suite-without-a-prf", .rule = "rfc7296/3.3.6/one-complete-set-is-selected",
        .does = "Takes a PRF of its own choice where the answer has none.", .make = [] {
          return in_responses(ExchangeType::ike_sa_init, [](Message& message) {
            auto* sa = find<SecurityAssociation>(message.payloads);
            if (sa == nullptr) return;
            auto& transforms = sa->proposals.front().transforms;
            if (std::ranges::find(transforms, TransformType::pseudorandom_function, &Transform::type) ==
                transforms.end())
              transforms.push_back({.type = TransformType::pseudorandom_function, .id = 5});
            static_cast<void>(wire::ike::complete(message));
          });
        });

MPSEC_DEFECT(
        .id = "initiator-takes-short-nonces", .rule = "rfc7296/3.9/nonce-of-16-to-256-octets",
        .does = "Goes on with a nonce of eight octets.", .make = [] {
          return in_responses(ExchangeType::ike_sa_init, [](Message& message) {
            if (auto* nonce = find<Nonce>(message.payloads); nonce != nullptr && nonce->data.size() < 16)
              nonce->data.resize(16);
          });
        });

MPSEC_DEFECT(
        .id = "initiator-takes-ke-of-another-group", .rule = "rfc7296/3.4/ke-group-is-one-of-the-sa-payload",
        .does = "Does not look at the group of the KE payload in an answer.", .make = [] {
          return in_responses(ExchangeType::ike_sa_init, [](Message& message) {
            if (auto* ke = find<KeyExchange>(message.payloads); ke != nullptr && ke->method == 14)
              ke->method = static_cast<std::uint16_t>(crypto::KeyExchangeId::curve25519);
          });
        });

// --- what is to be passed over

MPSEC_DEFECT(
        .id = "initiator-stumbles-over-reserved", .rule = "rfc7296/2.5/reserved-is-not-looked-at",
        .does = "Takes no answer with ones in the reserved bits of a payload header.", .make = [] {
          return stumbles_over([](const Message& message) {
            return any(message, [](const Payload& one) { return one.header.reserved != 0; });
          });
        });
MPSEC_DEFECT(
        .id = "initiator-stumbles-over-unused-flags", .rule = "rfc7296/3.1/unused-flags-are-ignored",
        .does = "Takes no answer with a flag that has no name.",
        .make = [] { return stumbles_over([](const Message& m) { return m.header.reserved_low != 0; }); });
MPSEC_DEFECT(
        .id = "initiator-stumbles-over-a-minor-version",
        .rule = "rfc7296/2.5/higher-minor-version-is-ignored",
        .does = "Takes no answer in a later minor version.",
        .make = [] { return stumbles_over([](const Message& m) { return m.header.minor_version != 0; }); });
MPSEC_DEFECT(
        .id = "initiator-stumbles-over-unknown-payloads-of-ike-sa-init",
        .rule = "rfc7296/2.5/unknown-uncritical-payload-is-ignored",
        .does = "Takes no answer to IKE_SA_INIT with a payload that it does not know.", .make = [] {
          return stumbles_over([](const Message& message) {
            return is_response(message, ExchangeType::ike_sa_init) && any(message, is_unknown);
          });
        });
MPSEC_DEFECT(
        .id = "initiator-stumbles-over-unknown-payloads-of-ike-auth",
        .rule = "rfc7296/2.5/unknown-uncritical-payload-is-ignored",
        .does = "Takes no answer to IKE_AUTH with a payload that it does not know.", .make = [] {
          return stumbles_over([](const Message& message) {
            return is_response(message, ExchangeType::ike_auth) && any(message, is_unknown);
          });
        });
MPSEC_DEFECT(
        .id = "initiator-wants-sa-ke-nonce-in-order", .rule = "rfc7296/2.5/unusual-order-is-valid",
        .does = "Takes no IKE_SA_INIT answer in which the nonce precedes the KE payload.", .make = [] {
          return stumbles_over([](const Message& message) {
            for (const Payload& one : message.payloads) {
              if (std::holds_alternative<KeyExchange>(one.body)) return false;
              if (std::holds_alternative<Nonce>(one.body)) return true;
            }
            return false;
          });
        });
MPSEC_DEFECT(
        .id = "initiator-stumbles-over-critical-payloads",
        .rule = "rfc7296/3.2/critical-flag-of-a-known-payload-is-ignored",
        .does = "Takes no answer with a critical payload.", .make = [] {
          return stumbles_over([](const Message& message) {
            return any(message, [](const Payload& one) { return one.header.critical; });
          });
        });
MPSEC_DEFECT(
        .id = "initiator-stumbles-over-a-status-in-ike-sa-init",
        .rule = "rfc7296/3.10.1/unknown-status-is-ignored",
        .does = "Takes no answer to IKE_SA_INIT with a status that it does not know.", .make = [] {
          return stumbles_over([](const Message& message) {
            return is_response(message, ExchangeType::ike_sa_init) &&
                   find_notify(message.payloads, NotifyType{40959}) != nullptr;
          });
        });
MPSEC_DEFECT(
        .id = "initiator-stumbles-over-a-status-in-ike-auth",
        .rule = "rfc7296/3.10.1/unknown-status-is-ignored",
        .does = "Takes no answer to IKE_AUTH with a status that it does not know.", .make = [] {
          return stumbles_over([](const Message& message) {
            return is_response(message, ExchangeType::ike_auth) &&
                   find_notify(message.payloads, NotifyType{40959}) != nullptr;
          });
        });
MPSEC_DEFECT(
        .id = "initiator-stumbles-over-vendor-ids", .rule = "rfc7296/3.12/unknown-vendor-id-is-ignored",
        .does = "Takes no answer with two Vendor IDs.", .make = [] {
          return stumbles_over(
              [](const Message& message) { return find_all<VendorId>(message.payloads).size() > 1; });
        });

// --- IKE_AUTH

namespace {

class AnyProof final : public ike::SingleRoundChecker {
 public:
  Payloads requests() const override { return {}; }
  Result<> check(const ike::ProofContext&, const ipsec::PadEntry&, const ipsec::Identity&, const Payloads&,
                 Instant) const override {
    return {};
  }
};

}  // namespace

MPSEC_DEFECT(
        .id = "takes-any-proof", .rule = "rfc7296/1.2/signatures-and-macs-are-verified",
        .does = "Takes every peer for whom it says it is.", .make = [] {
          const auto checker = std::make_shared<AnyProof>();
          Bent bent;
          bent.seams.checker = checker.get();
          bent.state = checker;
          return bent;
        });

MPSEC_DEFECT(
        .id = "initiator-deletes-what-the-peer-refused",
        .rule = "rfc7296/2.21.2/errors-that-end-the-ike-sa-without-delete",
        .does = "Sends a Delete after AUTHENTICATION_FAILED or INVALID_SYNTAX in answer to IKE_AUTH.",
        .make = [] {
          const auto refused = std::make_shared<bool>(false);
          return at_socket(
              [=](Message message) {
                if (is_response(message, ExchangeType::ike_auth) &&
                    (find_notify(message.payloads, NotifyType::authentication_failed) ||
                     find_notify(message.payloads, NotifyType::invalid_syntax))) {
                  *refused = true;
                  message.payloads.clear();
                }
                return std::vector{message};
              },
              [=](Message message) {
                if (*refused && is_request(message, ExchangeType::informational))
                  message.payloads = {wire::ike::make_payload(Delete{})};
                return std::vector{message};
              });
        });

MPSEC_DEFECT(
        .id = "initiator-takes-a-refused-child-for-a-bad-proof",
        .rule = "rfc7296/2.21.2/refused-child-is-no-failed-authentication",
        .does = "Gives the IKE SA up where an error stands beside the responder's proof.", .make = [] {
          return in_responses(ExchangeType::ike_auth, [](Message& message) {
            for (const Notify* one : find_all<Notify>(message.payloads))
              if (is_error(one->type)) {
                remove_payloads<Authentication>(message);
                break;
              }
          });
        });

MPSEC_DEFECT(
        .id = "initiator-waits-on-after-an-unknown-error",
        .rule = "rfc7296/3.10.1/unknown-error-means-failure",
        .does = "Takes a response with an error that it does not know for none, and repeats its request.",
        .make = [] {
          return at_socket(
              [](Message message) {
                std::vector<Message> on;
                if (!is_response(message, ExchangeType::ike_auth) ||
                    find_notify(message.payloads, NotifyType{8191}) == nullptr)
                  on.push_back(std::move(message));
                return on;
              },
              [](Message message) { return std::vector{std::move(message)}; });
        });

MPSEC_DEFECT(
        .id = "initiator-takes-no-narrowed-selectors",
        .rule = "rfc7296/2.9/answer-is-a-subset-of-the-proposal",
        .does = "Makes no child of an IKE_AUTH answer with narrower selectors.", .make = [] {
          const auto asked = std::make_shared<std::vector<TrafficSelector>>();
          return outgoing_and_incoming(
              [=](Message& message) {
                if (is_request(message, ExchangeType::ike_auth))
                  if (auto* ts = find<TrafficSelectorsResponder>(message.payloads)) *asked = ts->selectors;
              },
              [=](Message& message) {
                if (!is_response(message, ExchangeType::ike_auth)) return;
                const auto* ts = find<TrafficSelectorsResponder>(message.payloads);
                if (ts == nullptr || ts->selectors.back().end_v4 == asked->back().end_v4) return;
                remove_payloads<SecurityAssociation>(message);
              });
        });

MPSEC_DEFECT(
        .id = "initiator-takes-foreign-selectors", .rule = "rfc7296/2.9/answer-is-a-subset-of-the-proposal",
        .does = "Makes the child as it was proposed, though the answer has none of those selectors.",
        .make = [] {
          const auto asked = std::make_shared<Message>();
          return outgoing_and_incoming(
              [=](Message& message) {
                if (is_request(message, ExchangeType::ike_auth)) *asked = message;
              },
              [=](Message& message) {
                auto* i = find<TrafficSelectorsInitiator>(message.payloads);
                auto* r = find<TrafficSelectorsResponder>(message.payloads);
                if (!is_response(message, ExchangeType::ike_auth) || i == nullptr || r == nullptr) return;
                if (r->selectors.front().start_v4 != std::array<std::uint8_t, 4>{198, 51, 100, 0}) return;
                *i = *find<TrafficSelectorsInitiator>(asked->payloads);
                *r = *find<TrafficSelectorsResponder>(asked->payloads);
              });
        });

MPSEC_DEFECT(
        .id = "initiator-keeps-quiet-of-an-unwanted-mode",
        .rule = "rfc7296/1.3.1/unacceptable-answer-is-deleted",
        .does = "Does not delete a child that was made in transport mode without its asking.", .make = [] {
          const auto unwanted = std::make_shared<bool>(false);
          return at_socket(
              [=](Message message) {
                *unwanted |= is_response(message, ExchangeType::ike_auth) &&
                             find_notify(message.payloads, NotifyType::use_transport_mode) != nullptr;
                return std::vector{message};
              },
              [=](Message message) {
                std::vector<Message> on;
                if (!*unwanted || !is_request(message, ExchangeType::informational)) on.push_back(message);
                return on;
              });
        });

MPSEC_DEFECT(
        .id = "initiator-leaves-the-packets-selectors-out",
        .rule = "rfc7296/2.9/specific-selectors-of-the-packet-come-first",
        .does = "Asks for the whole networks where a packet asked for the SA.", .make = [] {
          return in_requests(ExchangeType::ike_auth, [](Message& message) {
            auto* i = find<TrafficSelectorsInitiator>(message.payloads);
            auto* r = find<TrafficSelectorsResponder>(message.payloads);
            if (i != nullptr && i->selectors.size() > 1) i->selectors.erase(i->selectors.begin());
            if (r != nullptr && r->selectors.size() > 1) r->selectors.erase(r->selectors.begin());
          });
        });

MPSEC_DEFECT(
        .id = "initiator-always-says-initial-contact",
        .rule = "rfc7296/2.4/initial-contact-only-when-it-is-the-only-one",
        .does = "Says INITIAL_CONTACT in every IKE_AUTH request.", .make = [] {
          return in_requests(ExchangeType::ike_auth, [](Message& message) {
            if (find_notify(message.payloads, NotifyType::initial_contact) == nullptr)
              message.payloads.push_back(
                  wire::ike::make_payload(wire::ike::make_notify(NotifyType::initial_contact)));
          });
        });

}  // namespace mpsec::conformance
