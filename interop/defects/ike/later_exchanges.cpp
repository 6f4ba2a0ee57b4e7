// Against RFC 7296 1.3, 1.4.1, 2.8, 2.9, 2.17, 2.18: children, rekeying and Deletes.
#include "interop/defects/ike/later_messages.hpp"

namespace mpsec::conformance {

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
          return outgoing_and_incoming(
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
          return outgoing_and_incoming(
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
          return outgoing_and_incoming(
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
          return outgoing_and_incoming(
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
        .id = "garbles-the-keys-of-further-children", .rule = "rfc7296/1/later-exchanges-make-more-children",
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
          return outgoing_and_incoming(
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
        .id = "keeps-children-that-cannot-be-rekeyed", .rule = "rfc7296/2.8/failed-rekeying-ends-the-ike-sa",
        .does = "Never ends a child that its peer does not let it rekey.", .make = [] {
          return settings([](gateway::Settings& all) {
            for (auto& peer : all.ike.peers)
              for (auto& child : peer.children)
                child.lifetime.end_after = std::chrono::hours(24);
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
          return outgoing_and_incoming(
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

}  // namespace mpsec::conformance
