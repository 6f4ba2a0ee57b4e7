// Against RFC 7296 1.4, 1.5 and 2.4.
#include <algorithm>
#include <set>

#include "interop/defects/bends.hpp"

namespace mpsec::conformance {

using namespace wire::ike;

namespace {

bool is_informational(const Message& message, bool response) {
  return message.header.exchange_type == ExchangeType::informational && message.header.response == response;
}

std::size_t deletes(const Message& message, ProtocolId protocol) {
  std::size_t count = 0;
  for (const Delete* one : find_all<Delete>(message.payloads))
    count += one->protocol == protocol ? 1u : 0u;
  return count;
}

Delete* delete_in(Message& message, ProtocolId protocol) {
  for (Payload& payload : message.payloads)
    if (auto* body = std::get_if<Delete>(&payload.body); body != nullptr && body->protocol == protocol)
      return body;
  return nullptr;
}

}  // namespace

MPSEC_DEFECT(
        .id = "leaves-the-first-informational-unanswered",
        .rule = "rfc7296/1.4/informational-is-always-answered",
        .does = "Hears an empty INFORMATIONAL request only when it comes for the second time.", .make = [] {
          const auto heard = std::make_shared<std::set<std::pair<std::uint64_t, std::uint32_t>>>();
          return at_socket(
              [=](Message message) {
                std::vector<Message> on;
                const bool first =
                    is_informational(message, false) && message.payloads.empty() &&
                    heard->insert({message.header.responder_spi.value, message.header.message_id.value})
                        .second;
                if (!first) on.push_back(std::move(message));
                return on;
              },
              {});
        });

MPSEC_DEFECT(
        .id = "refuses-informational-with-a-status", .rule = "rfc7296/1.4/informational-is-always-answered",
        .does = "Refuses ESP_TFC_PADDING_NOT_SUPPORTED in INFORMATIONAL.", .make = [] {
          return refusing([](const Message& message) {
            return is_informational(message, false) &&
                   find_notify(message.payloads, NotifyType::esp_tfc_padding_not_supported) != nullptr;
          });
        });

MPSEC_DEFECT(
        .id = "answers-a-delete-with-the-peers-spi",
        .rule = "rfc7296/1.4.1/delete-names-the-senders-inbound-spi",
        .does = "Answers a Delete of a child by the SPI that the peer has named.", .make = [] {
          const auto named = std::make_shared<Octets>();
          return incoming_and_outgoing(
              [=](Message& message) {
                const Delete* body = delete_in(message, ProtocolId::esp);
                if (is_informational(message, false) && body != nullptr) *named = body->spis;
              },
              [=](Message& message) {
                Delete* body = delete_in(message, ProtocolId::esp);
                if (is_informational(message, true) && body != nullptr && named->size() == 4)
                  body->spis = *named;
              });
        });

MPSEC_DEFECT(
        .id = "keeps-a-deleted-child", .rule = "rfc7296/1.4.1/named-children-are-closed",
        .does = "Answers a Delete of one child without a word, and keeps the child.", .make = [] {
          return incoming([](Message& message) {
            const Delete* body = delete_in(message, ProtocolId::esp);
            if (is_informational(message, false) && body != nullptr && body->spi_count == 1 &&
                message.payloads.size() == 1)
              message.payloads.clear();
          });
        });

MPSEC_DEFECT(
        .id = "closes-its-ike-sa-over-an-unknown-spi", .rule = "rfc7296/1.4.1/named-children-are-closed",
        .does = "Closes the IKE SA if a Delete names SPI 0.", .make = [] {
          return incoming([](Message& message) {
            const Delete* body = delete_in(message, ProtocolId::esp);
            if (!is_informational(message, false) || body == nullptr) return;
            const auto spis = spis_of(*body);
            if (std::ranges::any_of(spis, [](OctetView one) { return child_spi(one) == Spi(0); }))
              message.payloads = {make_payload(Delete{})};
          });
        });

MPSEC_DEFECT(
        .id = "answers-a-delete-of-the-ike-sa-in-kind",
        .rule = "rfc7296/1.4.1/delete-of-the-ike-sa-is-answered-empty",
        .does = "Answers a Delete of the IKE SA by another.", .make = [] {
          const auto deleted = std::make_shared<bool>(false);
          return incoming_and_outgoing(
              [=](Message& message) {
                *deleted = is_informational(message, false) && deletes(message, ProtocolId::ike) == 1;
              },
              [=](Message& message) {
                if (!is_informational(message, true) || !*deleted) return;
                message.payloads.push_back(make_payload(Delete{}));
                static_cast<void>(complete(message));
              });
        });

MPSEC_DEFECT(
        .id = "goes-on-behind-a-delete", .rule = "rfc7296/1.4.1/delete-of-the-ike-sa-is-answered-empty",
        .does = "Answers a request that deletes the IKE SA twice with an error.", .make = [] {
          return refusing([](const Message& message) {
            return is_informational(message, false) && deletes(message, ProtocolId::ike) > 1;
          });
        });

MPSEC_DEFECT(
        .id = "keeps-the-second-ike-sa", .rule = "rfc7296/1.4/ike-sa-is-spoken-of-under-itself",
        .does = "Answers under an IKE SA that was deleted, if it was not the first.", .make = [] {
          const auto spis = std::make_shared<std::vector<std::uint64_t>>();
          const auto gone = std::make_shared<std::set<std::uint64_t>>();
          return answering([=](const Message& request) -> std::optional<Message> {
            const std::uint64_t spi = request.header.responder_spi.value;
            if (!is_informational(request, false)) return std::nullopt;
            if (std::ranges::find(*spis, spi) == spis->end()) spis->push_back(spi);
            if (gone->contains(spi)) return response_to(request);
            if (spi != spis->front() && deletes(request, ProtocolId::ike) == 1) gone->insert(spi);
            return std::nullopt;
          });
        });

MPSEC_DEFECT(
        .id = "deletes-the-ike-sa-by-an-spi", .rule = "rfc7296/3.11/spi-size-of-a-delete",
        .does = "Its Delete of an IKE SA has an SPI of eight octets.", .make = [] {
          return outgoing([](Message& message) {
            Delete* body = delete_in(message, ProtocolId::ike);
            if (!is_informational(message, false) || body == nullptr) return;
            body->spis = spi_octets(message.header.responder_spi);
            body->spi_size = 8, body->spi_count = 1;
            static_cast<void>(complete(message));
          });
        });

MPSEC_DEFECT(
        .id = "closes-an-ike-sa-without-a-word", .rule = "rfc7296/2.4/closed-ike-sa-is-told-of",
        .does = "Sends no Delete when it closes an IKE SA.", .make = [] {
          return at_socket({}, [](Message message) {
            std::vector<Message> on;
            const bool closes = is_informational(message, false) && deletes(message, ProtocolId::ike) != 0;
            if (!closes) on.push_back(std::move(message));
            return on;
          });
        });

MPSEC_DEFECT(
        .id = "closes-a-child-without-a-word", .rule = "rfc7296/2.4/deleted-child-is-told-of",
        .does = "Sends no Delete when it closes a child.", .make = [] {
          return at_socket({}, [](Message message) {
            std::vector<Message> on;
            const bool closes = is_informational(message, false) && deletes(message, ProtocolId::esp) != 0;
            if (!closes) on.push_back(std::move(message));
            return on;
          });
        });

MPSEC_DEFECT(
        .id = "tells-of-another-spi", .rule = "rfc7296/1.5/invalid-spi-over-the-ike-sa",
        .does = "Its INVALID_SPI has no SPI.", .make = [] {
          return outgoing([](Message& message) {
            auto* notify = const_cast<Notify*>(find_notify(message.payloads, NotifyType::invalid_spi));
            if (notify == nullptr) return;
            notify->data.clear();
            static_cast<void>(complete(message));
          });
        });

}  // namespace mpsec::conformance
