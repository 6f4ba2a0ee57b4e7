// Against RFC 7296 1.2 and 2.13 to 2.17.
#include <algorithm>

#include "interop/defects/bends.hpp"

namespace mpsec::conformance {

using namespace wire::ike;

namespace {

bool is_auth_response(const Message& message) {
  return message.header.exchange_type == ExchangeType::ike_auth && message.header.response;
}

Notify* notify_of(Message& message, NotifyType type) {
  return const_cast<Notify*>(find_notify(message.payloads, type));
}

}  // namespace

MPSEC_DEFECT(
        .id = "makes-no-child-in-ike-auth", .rule = "rfc7296/4/four-messages-make-two-sas",
        .does = "Leaves the child out of its IKE_AUTH response.", .no_ping = "It makes no child.",
        .make = [] {
          return outgoing([](Message& message) {
            if (!is_auth_response(message)) return;
            remove_payloads<SecurityAssociation>(message);
            remove_payloads<TrafficSelectorsInitiator>(message);
            remove_payloads<TrafficSelectorsResponder>(message);
            static_cast<void>(complete(message));
          });
        });

MPSEC_DEFECT(
        .id = "swaps-cipher-and-integrity-keys", .rule = "rfc7296/2.17/encryption-key-before-integrity-key",
        .does = "The ESP packets of children with an integrity algorithm are under other keys than agreed.",
        .make = [] {
          const auto separate = std::make_shared<bool>(false);
          Bent bent = outgoing([=](Message& message) {
            const auto* sa = find<SecurityAssociation>(message.payloads);
            if (!is_auth_response(message) || sa == nullptr) return;
            *separate = std::ranges::any_of(sa->proposals.at(0).transforms, [](const Transform& one) {
              return one.type == TransformType::integrity && one.id != 0;
            });
          });
          bent.esp_out = [=](EspPacket packet) {
            if (*separate) packet.octets.back() ^= 1;
            return std::vector{packet};
          };
          return bent;
        });

MPSEC_DEFECT(
        .id = "signs-other-octets", .rule = "rfc7296/2.15/signed-octets",
        .does = "Its AUTH payload proves nothing.", .make = [] {
          return outgoing([](Message& message) {
            if (auto* proof = find<Authentication>(message.payloads)) proof->data.back() ^= 1;
          });
        });

MPSEC_DEFECT(
        .id = "answers-ike-auth-in-clear", .rule = "rfc7296/1.2/all-after-ike-sa-init-is-protected",
        .does = "Answers IKE_AUTH without protection.", .no_ping = "Nobody may believe such an answer.",
        .make = [] {
          return datagrams({}, [](Datagram one) {
            const bool marker = ike::has_marker({one.local, one.remote});
            auto message = decode_message(OctetView(one.octets).subspan(marker ? 4 : 0));
            if (message && is_auth_response(*message)) {
              message->payloads = {make_payload(make_notify(NotifyType::authentication_failed))};
              static_cast<void>(complete(*message));
              one = ike::to_datagram({one.local, one.remote}, encode(*message));
            }
            return std::vector{one};
          });
        });

MPSEC_DEFECT(
        .id = "asks-for-a-group-nobody-knows", .rule = "rfc7296/1.2/invalid-ke-payload-names-the-group",
        .does = "Its INVALID_KE_PAYLOAD names a group that was not offered.", .make = [] {
          return outgoing([](Message& message) {
            if (Notify* refusal = notify_of(message, NotifyType::invalid_ke_payload)) refusal->data = {0, 99};
          });
        });

MPSEC_DEFECT(
        .id = "refuses-a-group-under-an-spi", .rule = "rfc7296/2.6/refusal-has-no-responder-spi",
        .does = "Its INVALID_KE_PAYLOAD comes with a responder's SPI.", .make = [] {
          return outgoing([](Message& message) {
            if (notify_of(message, NotifyType::invalid_ke_payload)) message.header.responder_spi = IkeSpi{77};
          });
        });

MPSEC_DEFECT(
        .id = "agrees-on-a-group-in-ike-auth", .rule = "rfc7296/1.2/no-key-exchange-in-ike-auth",
        .does = "The child of IKE_AUTH is said to have a group.", .make = [] {
          return outgoing([](Message& message) {
            auto* sa = find<SecurityAssociation>(message.payloads);
            if (!is_auth_response(message) || sa == nullptr) return;
            sa->proposals.at(0).transforms.push_back({.type = TransformType::key_exchange, .id = 31});
            static_cast<void>(complete(message));
          });
        });

}  // namespace mpsec::conformance
