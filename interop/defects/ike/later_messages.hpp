// What the defects of CREATE_CHILD_SA and INFORMATIONAL share.
#pragma once

#include "interop/defects/bends.hpp"
#include "interop/suite/esp_child.hpp"

namespace mpsec::conformance {

using namespace wire::ike;

inline bool is_request(const Message& message, ExchangeType exchange) {
  return !message.header.response && message.header.exchange_type == exchange;
}
inline bool is_response(const Message& message, ExchangeType exchange) {
  return message.header.response && message.header.exchange_type == exchange;
}

inline Delete delete_of(Octets spis) {
  return {.protocol = ProtocolId::esp,
          .spi_size = 4,
          .spi_count = static_cast<std::uint16_t>(spis.size() / 4),
          .spis = std::move(spis)};
}
inline Delete* esp_delete(Message& message) {
  for (Payload& one : message.payloads)
    if (auto* body = std::get_if<Delete>(&one.body); body != nullptr && body->protocol == ProtocolId::esp)
      return body;
  return nullptr;
}
inline bool deletes_ike(const Message& message) {
  return std::ranges::any_of(find_all<Delete>(message.payloads),
                             [](const Delete* one) { return one->protocol == ProtocolId::ike; });
}
inline bool has(const Message& message, NotifyType type) {
  return find_notify(message.payloads, type) != nullptr;
}
inline bool is_about(const Message& message, ProtocolId protocol) {
  const auto* sa = find<SecurityAssociation>(message.payloads);
  return message.header.exchange_type == ExchangeType::create_child_sa && sa != nullptr &&
         !sa->proposals.empty() && sa->proposals.front().protocol == protocol;
}
// Bends that complete the message afterwards.
inline Bent sent(std::function<void(Message&)> bend) {
  return outgoing([bend = std::move(bend)](Message& message) {
    bend(message);
    static_cast<void>(wire::ike::complete(message));
  });
}

// Says another error than is due.
inline Bent says_instead(NotifyType due, NotifyType said) {
  return sent([=](Message& message) {
    if (!is_response(message, ExchangeType::create_child_sa)) return;
    if (Notify* notify = notify_in(message, due)) notify->type = said;
  });
}
// Hears another error than was said.
inline Bent hears_instead(NotifyType said, NotifyType heard, Octets data = {}) {
  return incoming([=](Message& message) {
    if (!is_response(message, ExchangeType::create_child_sa)) return;
    if (Notify* notify = notify_in(message, said)) notify->type = heard, notify->data = data;
  });
}

using Packets = std::vector<EspPacket>;

}  // namespace mpsec::conformance
