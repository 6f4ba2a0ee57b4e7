// Against RFC 7296 1.3, 1.4.1, 2.8, 2.9, 2.17, 2.18: children, rekeying and Deletes.
#include "interop/defects/bends.hpp"
#include "interop/suite/esp_child.hpp"

namespace mpsec::conformance {

using namespace wire::ike;

namespace {

bool is_request(const Message& message, ExchangeType exchange) {
  return !message.header.response && message.header.exchange_type == exchange;
}
bool is_response(const Message& message, ExchangeType exchange) {
  return message.header.response && message.header.exchange_type == exchange;
}

Delete delete_of(Octets spis) {
  return {.protocol = ProtocolId::esp,
          .spi_size = 4,
          .spi_count = static_cast<std::uint16_t>(spis.size() / 4),
          .spis = std::move(spis)};
}
Delete* esp_delete(Message& message) {
  for (Payload& one : message.payloads)
    if (auto* body = std::get_if<Delete>(&one.body); body != nullptr && body->protocol == ProtocolId::esp)
      return body;
  return nullptr;
}
bool deletes_ike(const Message& message) {
  return std::ranges::any_of(find_all<Delete>(message.payloads),
                             [](const Delete* one) { return one->protocol == ProtocolId::ike; });
}
bool has(const Message& message, NotifyType type) {
  return find_notify(message.payloads, type) != nullptr;
}
bool is_about(const Message& message, ProtocolId protocol) {
  const auto* sa = find<SecurityAssociation>(message.payloads);
  return message.header.exchange_type == ExchangeType::create_child_sa && sa != nullptr &&
         !sa->proposals.empty() && sa->proposals.front().protocol == protocol;
}
// Bends that complete the message afterwards.
Bent sent(std::function<void(Message&)> bend) {
  return outgoing([bend = std::move(bend)](Message& message) {
    bend(message);
    static_cast<void>(wire::ike::complete(message));
  });
}

// Says another error than is due.
Bent says_instead(NotifyType due, NotifyType said) {
  return sent([=](Message& message) {
    if (!is_response(message, ExchangeType::create_child_sa)) return;
    if (Notify* notify = notify_in(message, due)) notify->type = said;
  });
}
// Hears another error than was said.
Bent hears_instead(NotifyType said, NotifyType heard, Octets data = {}) {
  return incoming([=](Message& message) {
    if (!is_response(message, ExchangeType::create_child_sa)) return;
    if (Notify* notify = notify_in(message, said)) notify->type = heard, notify->data = data;
  });
}

using Packets = std::vector<EspPacket>;

}  // namespace

// --- Deletes

MPSEC_DEFECT(
        .id = "answers-deletes-of-children-empty", .rule = "rfc7296/1.4.1/both-halves-of-a-child-close",
        .does = "Leaves its own half out of the answer to a Delete, unless there are several.", .make = [] {
          return sent([](Message& message) {
            if (const Delete* one = esp_delete(message);
                one != nullptr && one->spi_count == 1 && message.header.response)
              message.payloads.clear();
          });
        });

MPSEC_DEFECT(
        .id = "keeps-children-that-the-peer-deletes", .rule = "rfc7296/1.4.1/named-children-are-closed",
        .does = "Answers the Delete of its first child as is right, and keeps the child.", .make = [] {
          struct State {
            Octets own, answer;
          };
          const auto state = std::make_shared<State>();
          return both_ways(
              [=](Message& message) {
                const auto* sa = find<SecurityAssociation>(message.payloads);
                if (sa != nullptr && message.header.exchange_type == ExchangeType::ike_auth)
                  state->own = sa->proposals.front().spi;
                if (state->answer.empty() || !is_response(message, ExchangeType::informational)) return;
                message.payloads = {make_payload(delete_of(std::exchange(state->answer, {})))};
                static_cast<void>(wire::ike::complete(message));
              },
              [=](Message& message) {
                Delete* one =
                    is_request(message, ExchangeType::informational) ? esp_delete(message) : nullptr;
                if (one == nullptr || one->spi_count != 1) return;
                message.payloads.clear();
                state->answer = state->own;
              });
        });

MPSEC_DEFECT(
        .id = "deletes-one-child-at-a-time", .rule = "rfc7296/3.11/delete-has-spis-of-one-protocol",
        .does = "Reads only the first SPI of a Delete.", .make = [] {
          return incoming([](Message& message) {
            if (Delete* one = esp_delete(message); one != nullptr && one->spi_count > 1)
              *one = delete_of({one->spis.begin(), one->spis.begin() + 4});
          });
        });

MPSEC_DEFECT(
        .id = "answers-the-delete-of-an-ike-sa-by-one",
        .rule = "rfc7296/1.4.1/delete-of-the-ike-sa-is-answered-empty",
        .does = "Answers a Delete of the IKE SA by another.", .make = [] {
          const auto asked = std::make_shared<bool>(false);
          return both_ways(
              [=](Message& message) {
                if (!std::exchange(*asked, false) || !is_response(message, ExchangeType::informational))
                  return;
                message.payloads = {make_payload(Delete{})};
                static_cast<void>(wire::ike::complete(message));
              },
              [=](Message& message) {
                *asked |= is_request(message, ExchangeType::informational) && deletes_ike(message);
              });
        });

MPSEC_DEFECT(
        .id = "keeps-an-ike-sa-that-the-peer-deletes", .rule = "rfc7296/1.4.1/named-children-are-closed",
        .does = "Answers the Delete of an IKE SA, and keeps it.", .make = [] {
          return incoming([](Message& message) {
            if (is_request(message, ExchangeType::informational) && deletes_ike(message))
              message.payloads.clear();
          });
        });

MPSEC_DEFECT(
        .id = "does-not-tell-of-a-deleted-child", .rule = "rfc7296/2.4/deleted-child-is-told-of",
        .does = "Closes a child for which it should send a Delete without a word.", .make = [] {
          return at_socket({}, [](Message message) {
            std::vector<Message> on;
            if (!is_request(message, ExchangeType::informational) || esp_delete(message) == nullptr)
              on.push_back(message);
            return on;
          });
        });

MPSEC_DEFECT(
        .id = "names-the-peers-spi-in-a-delete", .rule = "rfc7296/1.4.1/delete-names-the-senders-inbound-spi",
        .does = "Names the SA on which the peer receives when it deletes its first child.", .make = [] {
          const auto peers = std::make_shared<Octets>();
          return both_ways(
              [=](Message& message) {
                if (Delete* one = esp_delete(message);
                    one != nullptr && is_request(message, ExchangeType::informational) && !peers->empty())
                  one->spis = *peers;
              },
              [=](Message& message) {
                const auto* sa = find<SecurityAssociation>(message.payloads);
                if (sa != nullptr && message.header.exchange_type == ExchangeType::ike_auth)
                  *peers = sa->proposals.front().spi;
              });
        });

MPSEC_DEFECT(
        .id = "does-not-tell-of-a-closed-ike-sa", .rule = "rfc7296/2.4/closed-ike-sa-is-told-of",
        .does = "Closes an IKE SA without a Delete.", .make = [] {
          return at_socket({}, [](Message message) {
            std::vector<Message> on;
            if (!is_request(message, ExchangeType::informational) || !deletes_ike(message))
              on.push_back(message);
            return on;
          });
        });

MPSEC_DEFECT(
        .id = "deletes-an-ike-sa-by-its-spi", .rule = "rfc7296/3.11/spi-size-of-a-delete",
        .does = "Names an SPI in the Delete of an IKE SA.", .make = [] {
          return sent([](Message& message) {
            for (Payload& one : message.payloads)
              if (auto* body = std::get_if<Delete>(&one.body);
                  body != nullptr && body->protocol == ProtocolId::ike)
                body->spis = Octets(8, 1), body->spi_size = 8, body->spi_count = 1;
          });
        });

MPSEC_DEFECT(
        .id = "deletes-what-it-does-not-know", .rule = "rfc7296/2.25.1/delete-of-an-unknown-child",
        .does = "Answers the Delete of an unknown child by a Delete of the same SPI.", .make = [] {
          const auto named = std::make_shared<Octets>();
          return both_ways(
              [=](Message& message) {
                if (!is_response(message, ExchangeType::informational) || named->empty()) return;
                if (message.payloads.empty()) message.payloads = {make_payload(delete_of(*named))};
                named->clear();
                static_cast<void>(wire::ike::complete(message));
              },
              [=](Message& message) {
                if (const Delete* one = esp_delete(message);
                    one != nullptr && is_request(message, ExchangeType::informational))
                  *named = one->spis;
              });
        });

MPSEC_DEFECT(
        .id = "insists-on-its-own-delete-of-the-ike-sa",
        .rule = "rfc7296/2.25.2/delete-of-an-ike-sa-that-is-closing",
        .does = "Drops the peer's Delete of an IKE SA while its own is not answered.", .make = [] {
          const auto closing = std::make_shared<bool>(false);
          return at_socket(
              [=](Message message) {
                std::vector<Message> on;
                if (!*closing || !is_request(message, ExchangeType::informational) || !deletes_ike(message))
                  on.push_back(message);
                return on;
              },
              [=](Message message) {
                *closing |= is_request(message, ExchangeType::informational) && deletes_ike(message);
                return std::vector{message};
              });
        });

// --- children

MPSEC_DEFECT(
        .id = "makes-no-further-children", .rule = "rfc7296/1/later-exchanges-make-more-children",
        .does = "Grants a further child and takes no packets on it, if its keys need no integrity algorithm.",
        .make = [] {
          return sent([](Message& message) {
            if (!is_response(message, ExchangeType::create_child_sa) || !is_about(message, ProtocolId::esp))
              return;
            const auto& chosen = find<SecurityAssociation>(message.payloads)->proposals.front().transforms;
            const bool combined = std::ranges::none_of(
                chosen, [](const Transform& one) { return one.type == TransformType::integrity; });
            if (combined && find<KeyExchange>(message.payloads) == nullptr)
              find<Nonce>(message.payloads)->data.back() ^= 1;
          });
        });

MPSEC_DEFECT(
        .id = "takes-keys-for-cbc-in-another-order",
        .rule = "rfc7296/2.17/encryption-key-before-integrity-key",
        .does = "Has other keys than the peer for a further child with AES-CBC.", .make = [] {
          return sent([](Message& message) {
            if (!is_response(message, ExchangeType::create_child_sa) || !is_about(message, ProtocolId::esp))
              return;
            for (const Transform& one :
                 find<SecurityAssociation>(message.payloads)->proposals.front().transforms)
              if (one.type == TransformType::integrity && one.id != 0)
                find<Nonce>(message.payloads)->data.back() ^= 1;
          });
        });

MPSEC_DEFECT(
        .id = "receives-only-on-the-newest-child", .rule = "rfc7296/2.8.1/two-sas-that-can-receive-both-do",
        .does = "Takes no packets on a child once it has had one on a newer.", .make = [] {
          const auto seen = std::make_shared<std::vector<Spi>>();
          return esp_arriving([=](EspPacket packet) {
            const Spi spi = spi_of(packet);
            if (std::ranges::find(*seen, spi) == seen->end()) seen->push_back(spi);
            return spi == seen->back() ? Packets{packet} : Packets{};
          });
        });

MPSEC_DEFECT(
        .id = "asks-for-children-without-selectors",
        .rule = "rfc7296/1.3/either-end-begins-a-create-child-sa",
        .does = "Leaves TSr out of its request for a further child.", .make = [] {
          return sent([](Message& message) {
            if (is_request(message, ExchangeType::create_child_sa) && !has(message, NotifyType::rekey_sa) &&
                find<KeyExchange>(message.payloads) == nullptr)
              remove_payloads<TrafficSelectorsResponder>(message);
          });
        });

MPSEC_DEFECT(
        .id = "ends-the-ike-sa-over-a-refused-child", .rule = "rfc7296/1.3.1/failed-child-leaves-the-ike-sa",
        .does = "Closes the IKE SA when the peer makes no further child.",
        .make = [] { return hears_instead(NotifyType::no_additional_sas, NotifyType::invalid_syntax); });

MPSEC_DEFECT(
        .id = "survives-invalid-syntax", .rule = "rfc7296/2.21.3/invalid-syntax-is-fatal-to-both",
        .does = "Goes on with an IKE SA on which its request was answered with INVALID_SYNTAX.",
        .make = [] { return hears_instead(NotifyType::invalid_syntax, NotifyType::no_proposal_chosen); });

MPSEC_DEFECT(
        .id = "ends-the-ike-sa-over-a-child-it-refuses",
        .rule = "rfc7296/1.3.1/failed-child-leaves-the-ike-sa",
        .does = "Answers nothing on an IKE SA after it has said NO_PROPOSAL_CHOSEN.", .make = [] {
          const auto closed = std::make_shared<bool>(false);
          return at_socket([=](Message message) { return std::vector<Message>(*closed ? 0 : 1, message); },
                           [=](Message message) {
                             *closed |= is_response(message, ExchangeType::create_child_sa) &&
                                        has(message, NotifyType::no_proposal_chosen);
                             return std::vector{message};
                           });
        });

MPSEC_DEFECT(
        .id = "says-no-proposal-chosen-for-selectors", .rule = "rfc7296/2.9/nothing-acceptable",
        .does = "Says NO_PROPOSAL_CHOSEN where the selectors are what it does not take.",
        .make = [] { return says_instead(NotifyType::ts_unacceptable, NotifyType::no_proposal_chosen); });

MPSEC_DEFECT(
        .id = "narrows-the-first-choice-away",
        .rule = "rfc7296/2.9/narrowed-to-a-subset-with-the-first-choice",
        .does = "Answers selectors of all addresses with a single one.", .make = [] {
          const auto all = std::make_shared<bool>(false);
          return both_ways(
              [=](Message& message) {
                if (!is_response(message, ExchangeType::create_child_sa) || !std::exchange(*all, false))
                  return;
                if (auto* ts = find<TrafficSelectorsResponder>(message.payloads)) {
                  ts->selectors.resize(1);
                  ts->selectors[0].end_v4 = ts->selectors[0].start_v4;
                  ts->selectors[0].end_v4[3] = ts->selectors[0].start_v4[3] = 77;
                }
                static_cast<void>(wire::ike::complete(message));
              },
              [=](Message& message) {
                const auto* ts = find<TrafficSelectorsResponder>(message.payloads);
                *all = ts != nullptr && is_request(message, ExchangeType::create_child_sa) &&
                       ts->selectors.back().end_v4 == std::array<std::uint8_t, 4>{255, 255, 255, 255};
              });
        });

MPSEC_DEFECT(
        .id = "refuses-unknown-selector-types", .rule = "rfc7296/2.9/unknown-selector-types-are-ignored",
        .does = "Refuses all selectors if one of them is of a type that it does not know.", .make = [] {
          return incoming([](Message& message) {
            auto* ts = find<TrafficSelectorsResponder>(message.payloads);
            if (ts != nullptr && std::ranges::any_of(ts->selectors, &TrafficSelector::is_other))
              std::erase_if(ts->selectors, [](const TrafficSelector& one) { return !one.is_other(); });
          });
        });

MPSEC_DEFECT(
        .id = "leaves-the-key-exchange-out-of-child-keys",
        .rule = "rfc7296/1.3/child-with-a-key-exchange-of-its-own",
        .does = "Has other keys than the peer for a child with a key exchange of its own.", .make = [] {
          return sent([](Message& message) {
            if (is_response(message, ExchangeType::create_child_sa) && is_about(message, ProtocolId::esp) &&
                find<KeyExchange>(message.payloads) != nullptr)
              find<Nonce>(message.payloads)->data.back() ^= 1;
          });
        });

MPSEC_DEFECT(
        .id = "sends-ke-for-a-child-and-offers-no-group", .rule = "rfc7296/1.3/kei-group-is-among-the-offers",
        .does = "Offers another group for a child than the one of its KE payload.", .make = [] {
          return sent([](Message& message) {
            if (!is_request(message, ExchangeType::create_child_sa) || !is_about(message, ProtocolId::esp))
              return;
            for (Proposal& one : find<SecurityAssociation>(message.payloads)->proposals)
              for (Transform& transform : one.transforms)
                if (transform.type == TransformType::key_exchange) transform.id = 14;
          });
        });

MPSEC_DEFECT(
        .id = "asks-for-a-group-that-it-does-not-allow",
        .rule = "rfc7296/1.3/other-group-than-the-kei-is-asked-for",
        .does = "Names another group in INVALID_KE_PAYLOAD than it would take for a child.", .make = [] {
          return sent([](Message& message) {
            if (Notify* one = notify_in(message, NotifyType::invalid_ke_payload);
                one != nullptr && is_response(message, ExchangeType::create_child_sa))
              one->data = {0, 14};
          });
        });

MPSEC_DEFECT(
        .id = "grants-transport-mode-in-words-only",
        .rule = "rfc7296/1.3.1/responder-may-decline-transport-mode",
        .does = "Says USE_TRANSPORT_MODE whenever it is asked for, and makes a child of tunnel mode.",
        .make = [] {
          const auto asked = std::make_shared<bool>(false);
          return both_ways(
              [=](Message& message) {
                if (!is_response(message, ExchangeType::create_child_sa) || !std::exchange(*asked, false))
                  return;
                message.payloads.push_back(
                    make_payload(wire::ike::make_notify(NotifyType::use_transport_mode)));
                static_cast<void>(wire::ike::complete(message));
              },
              [=](Message& message) {
                *asked |= is_request(message, ExchangeType::create_child_sa) &&
                          has(message, NotifyType::use_transport_mode);
              });
        });

// --- the rekeying of children

MPSEC_DEFECT(
        .id = "is-not-ready-for-the-new-child", .rule = "rfc7296/2.8/responder-receives-before-it-answers",
        .does = "Loses the first packet on a child that the peer has made in the place of another.",
        .make = [] {
          const auto rekeyed = std::make_shared<bool>(false);
          const auto known = std::make_shared<std::vector<Spi>>();
          Bent bent = incoming([=](Message& message) {
            *rekeyed |=
                is_request(message, ExchangeType::create_child_sa) && has(message, NotifyType::rekey_sa);
          });
          bent.esp_in = [=](EspPacket packet) {
            if (std::ranges::find(*known, spi_of(packet)) != known->end()) return Packets{packet};
            known->push_back(spi_of(packet));
            return *rekeyed ? Packets{} : Packets{packet};
          };
          return bent;
        });

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

}  // namespace

MPSEC_DEFECT(
        .id = "sends-on-the-old-child-for-ever",
        .rule = "rfc7296/2.8/responder-sends-on-the-new-sa-when-the-initiator-is-ready",
        .does = "Sends nothing of its own on a child that the peer has made, when the old one is deleted.",
        .make = [] {
          return mute_after(false, [](Message& message) {
            return is_request(message, ExchangeType::informational) && esp_delete(message) != nullptr;
          });
        });
MPSEC_DEFECT(
        .id = "does-not-send-on-the-child-it-made",
        .rule = "rfc7296/2.8/initiator-sends-once-it-has-the-answer",
        .does = "Sends nothing of its own on a child that it has made, when it deletes the old one.",
        .make = [] {
          return mute_after(true, [](Message& message) {
            return is_request(message, ExchangeType::informational) && esp_delete(message) != nullptr;
          });
        });

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
          return both_ways(
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
          return both_ways(
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
          return both_ways(
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
  return both_ways(
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
