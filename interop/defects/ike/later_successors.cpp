// Against RFC 7296 1.3, 1.4 and 2.8: what the target begins, and its successors.
#include "interop/defects/ike/later_messages.hpp"

namespace mpsec::conformance {

namespace {

// Loses what its owner sends once a message like this has passed.
Bent mute_after(bool out, std::function<bool(Message&)> like) {
  const auto mute = std::make_shared<bool>(false);
  const auto watch = [=](Message& message) { *mute |= like(message); };
  Bent bent = out ? outgoing(watch) : incoming(watch);
  bent.sent = [=](Octets packet) {
    const bool request = packet.size() > 20 && packet[20] == 8;  // ICMP echo
    return *mute && request ? std::vector<Octets>{} : std::vector<Octets>(1, packet);
  };
  return bent;
}

bool deletes_a_child(Message& message) {
  return is_request(message, ExchangeType::informational) && esp_delete(message) != nullptr;
}

}  // namespace

MPSEC_DEFECT(
        .id = "sends-on-the-old-child-for-ever",
        .rule = "rfc7296/2.8/responder-sends-on-the-new-sa-when-the-initiator-is-ready",
        .does = "Sends nothing of its own on a child that the peer has made, when the old one is deleted.",
        .make = [] { return mute_after(false, deletes_a_child); });
MPSEC_DEFECT(
        .id = "does-not-send-on-the-child-it-made",
        .rule = "rfc7296/2.8/initiator-sends-once-it-has-the-answer",
        .does = "Sends nothing of its own on a child that it has made, when it deletes the old one.",
        .make = [] { return mute_after(true, deletes_a_child); });

MPSEC_DEFECT(
        .id = "says-no-proposal-chosen-for-an-absent-child",
        .rule = "rfc7296/2.25/rekey-of-an-absent-child-gets-child-sa-not-found",
        .does = "Says NO_PROPOSAL_CHOSEN where the child to be rekeyed is not there.",
        .make = [] { return says_instead(NotifyType::child_sa_not_found, NotifyType::no_proposal_chosen); });

MPSEC_DEFECT(
        .id = "says-child-sa-not-found-of-none", .rule = "rfc7296/2.25/child-sa-not-found-copies-the-spi",
        .does = "Leaves the SPI out of CHILD_SA_NOT_FOUND.", .make = [] {
          return sent([](Message& message) {
            if (Notify* one = notify_in(message, NotifyType::child_sa_not_found)) one->spi.clear();
          });
        });

MPSEC_DEFECT(
        .id = "narrows-at-a-rekey", .rule = "rfc7296/2.9.2/rekeyed-sa-is-not-narrower",
        .does = "Answers a rekey with less than the old child had.", .make = [] {
          const auto rekey = std::make_shared<bool>(false);
          return outgoing_and_incoming(
              [=](Message& message) {
                auto* ts = find<TrafficSelectorsResponder>(message.payloads);
                if (ts != nullptr && message.header.response && std::exchange(*rekey, false))
                  ts->selectors.back().end_v4[3] = 0x7f;
              },
              [=](Message& message) {
                *rekey |=
                    is_request(message, ExchangeType::create_child_sa) && has(message, NotifyType::rekey_sa);
              });
        });

MPSEC_DEFECT(
        .id = "rekeys-another-child-than-it-names",
        .rule = "rfc7296/1.3.3/rekey-names-the-senders-inbound-spi",
        .does = "Names an SPI in REKEY_SA on which it does not receive.", .make = [] {
          return sent([](Message& message) {
            if (Notify* one = notify_in(message, NotifyType::rekey_sa)) one->spi[0] ^= 0x55;
          });
        });

MPSEC_DEFECT(
        .id = "rekeys-without-a-protocol", .rule = "rfc7296/3.10/notify-of-a-child-names-its-protocol",
        .does = "Leaves the protocol out of REKEY_SA.", .make = [] {
          return sent([](Message& message) {
            if (Notify* one = notify_in(message, NotifyType::rekey_sa)) one->protocol = ProtocolId::none;
          });
        });

MPSEC_DEFECT(
        .id = "rekeys-for-less", .rule = "rfc7296/2.9.2/rekey-asks-for-no-less",
        .does = "Proposes less in a rekey than the child has.", .make = [] {
          const auto whole = std::make_shared<std::optional<TrafficSelector>>();
          return outgoing_and_incoming(
              [=](Message& message) {
                auto* ts = find<TrafficSelectorsResponder>(message.payloads);
                if (!is_request(message, ExchangeType::create_child_sa) ||
                    !has(message, NotifyType::rekey_sa))
                  return;
                *whole = ts->selectors.back();
                ts->selectors.back().end_v4[3] = 0x7f;
              },
              [=](Message& message) {
                auto* ts = find<TrafficSelectorsResponder>(message.payloads);
                if (ts != nullptr && is_response(message, ExchangeType::create_child_sa) && *whole)
                  ts->selectors.back() = *std::exchange(*whole, std::nullopt);
              });
        });

MPSEC_DEFECT(
        .id = "reports-errors-in-responses", .rule = "rfc7296/2.21.3/error-in-a-response-is-not-reported",
        .does = "Tells the peer of a response with a suite that was not offered.", .make = [] {
          const auto wrong = std::make_shared<bool>(false);
          return outgoing_and_incoming(
              [=](Message& message) {
                if (!is_request(message, ExchangeType::informational) || !std::exchange(*wrong, false))
                  return;
                message.payloads = {make_payload(wire::ike::make_notify(NotifyType::invalid_syntax))};
                static_cast<void>(wire::ike::complete(message));
              },
              [=](Message& message) {
                const auto* sa = find<SecurityAssociation>(message.payloads);
                *wrong |= is_response(message, ExchangeType::create_child_sa) && sa != nullptr &&
                          std::ranges::any_of(sa->proposals.front().transforms,
                                              [](const Transform& one) { return one.id == 28; });
              });
        });

MPSEC_DEFECT(
        .id = "gives-up-on-a-child-that-is-not-found",
        .rule = "rfc7296/2.25/child-sa-not-found-makes-a-new-one",
        .does = "Asks for no new child after CHILD_SA_NOT_FOUND.",
        .make = [] { return hears_instead(NotifyType::child_sa_not_found, NotifyType::no_proposal_chosen); });

namespace {

// Asks at once again where it should wait: it hears, in the place of TEMPORARY_FAILURE, what it answers at
// once.
Bent retries_at_once(ProtocolId protocol, NotifyType heard, Octets data) {
  const auto ours = std::make_shared<bool>(false);
  return outgoing_and_incoming(
      [=](Message& message) {
        if (is_request(message, ExchangeType::create_child_sa)) *ours = is_about(message, protocol);
      },
      [=](Message& message) {
        if (!*ours || !is_response(message, ExchangeType::create_child_sa)) return;
        if (Notify* one = notify_in(message, NotifyType::temporary_failure))
          one->type = heard, one->data = data;
      });
}

}  // namespace

MPSEC_DEFECT(
        .id = "asks-for-the-child-again-at-once",
        .rule = "rfc7296/2.25/no-immediate-retry-after-temporary-failure",
        .does = "Asks for another child as soon as its rekey has got TEMPORARY_FAILURE.",
        .make = [] { return retries_at_once(ProtocolId::esp, NotifyType::child_sa_not_found, {}); });
MPSEC_DEFECT(
        .id = "rekeys-the-ike-sa-again-at-once",
        .rule = "rfc7296/2.25/no-immediate-retry-after-temporary-failure",
        .does = "Rekeys the IKE SA again as soon as that has got TEMPORARY_FAILURE.",
        .make = [] { return retries_at_once(ProtocolId::ike, NotifyType::invalid_ke_payload, {0, 19}); });

MPSEC_DEFECT(
        .id = "tries-for-ever-after-temporary-failure",
        .rule = "rfc7296/2.25/persistent-temporary-failure-closes",
        .does = "Goes on rekeying for hours though the peer says TEMPORARY_FAILURE.", .make = [] {
          return settings([](gateway::Settings& all) { all.ike.retry_for = std::chrono::hours(10); });
        });

// --- lifetimes

MPSEC_DEFECT(
        .id = "lets-children-live", .rule = "rfc7296/4/expiring-sa-may-be-renewed",
        .does = "Neither renews nor closes a child at its time.", .make = [] {
          return settings([](gateway::Settings& all) { all.ike.peers[0].children[0].lifetime = {}; });
        });
MPSEC_DEFECT(
        .id = "lets-ike-sas-live", .rule = "rfc7296/4/expiring-sa-may-be-renewed",
        .does = "Neither renews nor closes an IKE SA at its time.",
        .make = [] { return settings([](gateway::Settings& all) { all.ike.peers[0].lifetime = {}; }); });
MPSEC_DEFECT(
        .id = "uses-expired-children", .rule = "rfc7296/2.8/expired-sa-is-not-used",
        .does = "Goes on with a child though it could not be renewed in time.", .make = [] {
          return settings([](gateway::Settings& all) {
            all.ike.peers[0].children[0].lifetime.end_after = std::chrono::hours(2);
          });
        });

// --- the rekeying of IKE SAs

MPSEC_DEFECT(
        .id = "offers-no-group-at-an-ike-rekey", .rule = "rfc7296/2.18/none-is-not-proposed-at-an-ike-rekey",
        .does = "Offers NONE among the groups when it rekeys an IKE SA.", .make = [] {
          return sent([](Message& message) {
            if (!is_request(message, ExchangeType::create_child_sa) || !is_about(message, ProtocolId::ike))
              return;
            for (Proposal& one : find<SecurityAssociation>(message.payloads)->proposals)
              one.transforms.push_back({.type = TransformType::key_exchange, .id = 0});
          });
        });

namespace {

// Whether a message belongs to another IKE SA than the first that was seen, and which that was.
struct FirstSa {
  IkeSpi initiator{}, responder{};
  bool is_successor(const Message& message) {
    if (initiator == IkeSpi{0} && message.header.exchange_type == ExchangeType::ike_auth)
      initiator = message.header.initiator_spi, responder = message.header.responder_spi;
    return initiator != IkeSpi{0} && message.header.exchange_type != ExchangeType::ike_sa_init &&
           message.header.initiator_spi != initiator;
  }
};

}  // namespace

MPSEC_DEFECT(
        .id = "goes-on-counting-after-an-ike-rekey", .rule = "rfc7296/2.18/rekeyed-ike-sa-counts-from-zero",
        .does = "Begins with Message ID 5 on a rekeyed IKE SA.", .make = [] {
          const auto first = std::make_shared<FirstSa>();
          return at_socket(
              [=](Message message) {
                if (first->is_successor(message) && message.header.response)
                  message.header.message_id = MessageId(message.header.message_id.value - 5);
                return std::vector{message};
              },
              [=](Message message) {
                if (first->is_successor(message) && !message.header.response)
                  message.header.message_id = MessageId(message.header.message_id.value + 5);
                return std::vector{message};
              });
        });

MPSEC_DEFECT(
        .id = "asks-for-children-on-the-replaced-ike-sa", .rule = "rfc7296/2.8/delete-is-the-last-request",
        .does = "Asks for a child on the IKE SA that it has replaced and deleted.", .make = [] {
          const auto first = std::make_shared<FirstSa>();
          return at_socket({}, [=](Message message) {
            if (first->is_successor(message) && is_request(message, ExchangeType::create_child_sa)) {
              message.header.initiator_spi = first->initiator,
              message.header.responder_spi = first->responder;
              message.header.initiator = false;
              message.header.message_id = MessageId(9);
            }
            return std::vector{message};
          });
        });

MPSEC_DEFECT(
        .id = "rekeys-the-ike-sa-with-its-group-only", .rule = "rfc7296/3.3.6/retry-has-the-indicated-group",
        .does = "Follows to no other group when it rekeys an IKE SA.",
        .make = [] { return hears_instead(NotifyType::invalid_ke_payload, NotifyType::no_proposal_chosen); });

MPSEC_DEFECT(
        .id = "computes-no-new-secret-at-an-ike-rekey",
        .rule = "rfc7296/2.18/ike-rekey-computes-a-new-secret",
        .does = "Has other keys than the peer on an IKE SA that the peer has rekeyed under the same PRF.",
        .make = [] {
          return sent([](Message& message) {
            if (!is_response(message, ExchangeType::create_child_sa) || !is_about(message, ProtocolId::ike))
              return;
            for (const Transform& one :
                 find<SecurityAssociation>(message.payloads)->proposals.front().transforms)
              if (one.type == TransformType::pseudorandom_function && one.id == 5)
                find<Nonce>(message.payloads)->data.back() ^= 1;
          });
        });
MPSEC_DEFECT(
        .id = "rekeys-under-the-new-prf", .rule = "rfc7296/2.18/rekeyed-skeyseed-under-the-old-prf",
        .does = "Has other keys than the peer on an IKE SA that the peer has rekeyed with another PRF.",
        .make = [] {
          return sent([](Message& message) {
            if (!is_response(message, ExchangeType::create_child_sa) || !is_about(message, ProtocolId::ike))
              return;
            for (const Transform& one :
                 find<SecurityAssociation>(message.payloads)->proposals.front().transforms)
              if (one.type == TransformType::pseudorandom_function && one.id != 5)
                find<Nonce>(message.payloads)->data.back() ^= 1;
          });
        });

MPSEC_DEFECT(
        .id = "loses-children-with-the-replaced-ike-sa",
        .rule = "rfc7296/1.4/child-is-spoken-of-under-its-ike-sa",
        .does = "Takes no packets any more when the peer deletes an IKE SA that it has replaced.",
        .make = [] {
          const auto state = std::make_shared<std::pair<bool, bool>>();
          Bent bent = incoming([=](Message& message) {
            state->first |=
                is_request(message, ExchangeType::create_child_sa) && is_about(message, ProtocolId::ike);
            state->second |=
                state->first && is_request(message, ExchangeType::informational) && deletes_ike(message);
          });
          bent.esp_in = [=](EspPacket packet) { return state->second ? Packets{} : Packets{packet}; };
          return bent;
        });

MPSEC_DEFECT(
        .id = "takes-ike-rekeys-without-a-group", .rule = "rfc7296/2.18/none-is-not-accepted-at-an-ike-rekey",
        .does = "Rekeys an IKE SA though no group but NONE is offered.", .make = [] {
          return incoming([](Message& message) {
            if (!is_request(message, ExchangeType::create_child_sa) || !is_about(message, ProtocolId::ike) ||
                find<KeyExchange>(message.payloads) != nullptr)
              return;
            for (Proposal& one : find<SecurityAssociation>(message.payloads)->proposals)
              for (Transform& transform : one.transforms)
                if (transform.type == TransformType::key_exchange) transform.id = 31;
            message.payloads.push_back(make_payload(KeyExchange{.method = 31, .data = Octets(32, 9)}));
          });
        });

}  // namespace mpsec::conformance
