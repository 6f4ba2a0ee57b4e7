// Against RFC 7296 2.10, 2.11, 2.19, 2.21.4 and 3.15.
#include <algorithm>

#include "interop/defects/bends.hpp"

namespace mpsec::conformance {

using namespace wire::ike;

namespace {

using Type = ConfigurationAttributeType;

Bent bending_nonce(std::function<void(Octets&)> bend) {
  return outgoing([=](Message& message) {
    auto* nonce = find<Nonce>(message.payloads);
    if (!is_response(message, ExchangeType::ike_sa_init) || nonce == nullptr) return;
    bend(nonce->data);
    static_cast<void>(complete(message));
  });
}

Judge configuration_with(std::function<bool(const wire::ike::Configuration&)> unusual) {
  return [=](const Message& message) {
    const auto* body = find<wire::ike::Configuration>(message.payloads);
    return is_request(message, ExchangeType::informational) && body != nullptr && unusual(*body);
  };
}

}  // namespace

MPSEC_DEFECT(
        .id = "sends-short-nonces", .rule = "rfc7296/2.10/nonce-size", .does = "Its nonces have 15 octets.",
        .no_ping = "The ends derive keys from different nonces.", .make = [] {
          // Only from the second IKE SA on, so that the first shows what is expected.
          const auto sent = std::make_shared<int>(0);
          return bending_nonce([=](Octets& nonce) {
            if (++*sent > 1) nonce.resize(15);
          });
        });

MPSEC_DEFECT(
        .id = "uses-a-nonce-again", .rule = "rfc7296/3.9/nonces-are-not-used-again",
        .does = "Sends everybody the same nonce.", .no_ping = "The ends derive keys from different nonces.",
        .make = [] {
          return bending_nonce([](Octets& nonce) { std::ranges::fill(nonce, std::uint8_t{7}); });
        });

MPSEC_DEFECT(
        .id = "answers-to-port-500", .rule = "rfc7296/2.11/response-goes-where-the-request-came-from",
        .does = "Sends its responses to INFORMATIONAL from port 500 to port 500.", .make = [] {
          return datagrams({}, [](Datagram one) {
            const bool marker = ike::has_marker({one.local, one.remote}) && one.octets.size() >= 4;
            const auto header = decode_header(OctetView(one.octets).subspan(marker ? 4 : 0));
            if (marker && header && header->response &&
                header->exchange_type == ExchangeType::informational) {
              one.octets.erase(one.octets.begin(), one.octets.begin() + 4);
              one.local.port = one.remote.port = ike::ike_port;
            }
            return std::vector{one};
          });
        });

MPSEC_DEFECT(
        .id = "hears-no-long-messages", .rule = "rfc7296/2/messages-of-3000-octets",
        .does = "Drops messages of more than 2048 octets.", .make = [] {
          return datagrams(
              [](Datagram one) {
                std::vector<Datagram> on;
                if (one.octets.size() <= 2048) on.push_back(std::move(one));
                return on;
              },
              {});
        });

MPSEC_DEFECT(
        .id = "answers-stray-requests-under-message-id-0",
        .rule = "rfc7296/2.21.4/answer-to-a-stray-request-mirrors-it",
        .does = "Its INVALID_IKE_SPI has Message ID 0.", .make = [] {
          return outgoing([](Message& message) {
            if (find_notify(message.payloads, NotifyType::invalid_ike_spi) != nullptr)
              message.header.message_id = MessageId(0);
          });
        });

MPSEC_DEFECT(
        .id = "answers-stray-responses", .rule = "rfc7296/2.21.4/no-answer-to-a-stray-response",
        .does = "Answers a response of no IKE SA as if it were a request.", .make = [] {
          return datagrams(
              [](Datagram one) {
                constexpr std::size_t flags = 19;
                const auto header = decode_header(one.octets);
                if (header && header->response && header->exchange_type == ExchangeType::informational &&
                    header->responder_spi == IkeSpi{0x0123'4567'89ab'cdef})
                  one.octets[flags] &= 0xdf;
                return std::vector{one};
              },
              {});
        });

MPSEC_DEFECT(
        .id = "closes-its-child-over-invalid-spi", .rule = "rfc7296/2.21.4/notified-problem-changes-no-sa",
        .does = "Ends the IKE SA when it is told INVALID_SPI.", .make = [] {
          return incoming([](Message& message) {
            if (is_request(message, ExchangeType::informational) &&
                find_notify(message.payloads, NotifyType::invalid_spi) != nullptr)
              message.payloads = {make_payload(Delete{})};
          });
        });

MPSEC_DEFECT(
        .id = "sends-cfg-reply-unasked", .rule = "rfc7296/2.19/no-reply-without-a-request",
        .does = "Its IKE_AUTH responses have a CFG_REPLY.", .make = [] {
          return outgoing([](Message& message) {
            if (!is_response(message, ExchangeType::ike_auth)) return;
            wire::ike::Configuration body;
            body.type = ConfigurationType::reply;
            message.payloads.push_back(make_payload(std::move(body)));
            static_cast<void>(complete(message));
          });
        });

MPSEC_DEFECT(
        .id = "refuses-unknown-configuration-attributes",
        .rule = "rfc7296/3.15.1/unknown-attributes-are-ignored",
        .does = "Refuses CFG_REQUEST with an attribute that it does not know.", .make = [] {
          return refusing(configuration_with([](const wire::ike::Configuration& body) {
            return body.type == ConfigurationType::request &&
                   std::ranges::any_of(body.attributes, [](const ConfigurationAttribute& one) {
                     return one.type == static_cast<Type>(16000);
                   });
          }));
        });

MPSEC_DEFECT(
        .id = "looks-at-reserved-of-a-configuration",
        .rule = "rfc7296/3.15/reserved-of-a-configuration-is-ignored",
        .does = "Refuses Configuration payloads with RESERVED that is not zero.", .make = [] {
          return refusing(
              configuration_with([](const wire::ike::Configuration& body) { return body.reserved != 0; }));
        });

MPSEC_DEFECT(
        .id = "acknowledges-what-it-has-not-taken",
        .rule = "rfc7296/3.15.1/refused-settings-are-not-acknowledged",
        .does = "Answers CFG_SET by a CFG_ACK with all its attributes.", .make = [] {
          const auto asked = std::make_shared<std::vector<ConfigurationAttribute>>();
          return incoming_and_outgoing(
              [=](Message& message) {
                asked->clear();
                const auto* body = find<wire::ike::Configuration>(message.payloads);
                if (is_request(message, ExchangeType::informational) && body != nullptr &&
                    body->type == ConfigurationType::set)
                  *asked = body->attributes;
              },
              [=](Message& message) {
                if (!is_response(message, ExchangeType::informational) || asked->empty()) return;
                remove_payloads<wire::ike::Configuration>(message);
                wire::ike::Configuration body;
                body.type = ConfigurationType::ack;
                body.attributes = *asked;
                message.payloads.push_back(make_payload(std::move(body)));
                static_cast<void>(complete(message));
              });
        });

}  // namespace mpsec::conformance
