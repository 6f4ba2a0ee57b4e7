// Against RFC 7296 2.1 to 2.4, in what a responder does.
#include <algorithm>
#include <map>
#include <set>

#include "interop/defects/bends.hpp"

namespace mpsec::conformance {

using namespace wire::ike;

namespace {

std::optional<IkeHeader> header_of(const Datagram& one) {
  const bool marker = ike::has_marker({one.local, one.remote}) && one.octets.size() >= 4;
  const auto header = decode_header(OctetView(one.octets).subspan(marker ? 4 : 0));
  return header ? std::optional(*header) : std::nullopt;
}

// Hears such a message only once.
Bent deaf_to_repeats(ExchangeType exchange) {
  const auto heard = std::make_shared<std::set<Octets>>();
  return datagrams(
      [=](Datagram one) {
        const auto header = header_of(one);
        std::vector<Datagram> on;
        const bool again = header && header->exchange_type == exchange && !heard->insert(one.octets).second;
        if (!again) on.push_back(std::move(one));
        return on;
      },
      {});
}

// Hears nothing more of an IKE SA after such a message for it, as it is on the wire.
Bent deaf_after(std::function<bool(const Message&)> last) {
  const auto deaf = std::make_shared<std::set<std::uint64_t>>();
  return datagrams(
      [=](Datagram one) {
        const bool marker = ike::has_marker({one.local, one.remote}) && one.octets.size() >= 4;
        const auto message = decode_message(OctetView(one.octets).subspan(marker ? 4 : 0));
        std::vector<Datagram> on;
        if (message && last(*message)) deaf->insert(message->header.initiator_spi.value);
        if (!message || !deaf->contains(message->header.initiator_spi.value)) on.push_back(std::move(one));
        return on;
      },
      {});
}

}  // namespace

MPSEC_DEFECT(
        .id = "hears-ike-sa-init-once", .rule = "rfc7296/2.1/repeated-init-request-gets-the-same-response",
        .does = "Does not answer an IKE_SA_INIT request that it has answered before.",
        .make = [] { return deaf_to_repeats(ExchangeType::ike_sa_init); });

MPSEC_DEFECT(
        .id = "hears-ike-auth-once", .rule = "rfc7296/2.1/duplicate-request-gets-the-same-response",
        .does = "Does not answer an IKE_AUTH request that it has answered before.",
        .make = [] { return deaf_to_repeats(ExchangeType::ike_auth); });

MPSEC_DEFECT(
        .id = "knows-ike-sa-init-by-its-spi", .rule = "rfc7296/2.1/init-request-is-known-by-all-of-it",
        .does = "Takes every IKE_SA_INIT request under an SPI for the first one.", .make = [] {
          const auto first = std::make_shared<std::map<std::uint64_t, Octets>>();
          return datagrams(
              [=](Datagram one) {
                const auto header = header_of(one);
                if (header && header->exchange_type == ExchangeType::ike_sa_init && !header->response)
                  one.octets = first->try_emplace(header->initiator_spi.value, one.octets).first->second;
                return std::vector{one};
              },
              {});
        });

MPSEC_DEFECT(
        .id = "ends-an-ike-sa-over-a-late-ike-sa-init",
        .rule = "rfc7296/2.1/repeated-init-request-gets-the-same-response",
        .does = "An IKE_SA_INIT request that comes after IKE_AUTH ends the IKE SA.", .make = [] {
          const auto known = std::make_shared<std::set<std::uint64_t>>();
          return deaf_after([=](const Message& message) {
            const std::uint64_t spi = message.header.initiator_spi.value;
            if (message.header.exchange_type == ExchangeType::ike_auth) known->insert(spi);
            return message.header.exchange_type == ExchangeType::ike_sa_init && known->contains(spi);
          });
        });

MPSEC_DEFECT(
        .id = "repeats-a-response-by-itself", .rule = "rfc7296/2.1/response-is-repeated-on-demand-only",
        .does = "Sends its response to INFORMATIONAL twice.", .make = [] {
          return datagrams({}, [](Datagram one) {
            const auto header = header_of(one);
            std::vector<Datagram> on{one};
            if (header && header->response && header->exchange_type == ExchangeType::informational)
              on.push_back(one);
            return on;
          });
        });

MPSEC_DEFECT(
        .id = "works-on-an-old-request-again", .rule = "rfc7296/2.1/forgotten-response-is-not-made-again",
        .does = "Makes a new response to a request whose response it has forgotten.", .make = [] {
          const auto newest = std::make_shared<std::map<std::uint64_t, std::uint32_t>>();
          return answering([=](const Message& request) -> std::optional<Message> {
            std::uint32_t& top = (*newest)[request.header.initiator_spi.value];
            if (request.header.message_id.value + 1 < top &&
                request.header.exchange_type == ExchangeType::informational)
              return response_to(request);
            top = std::max(top, request.header.message_id.value);
            return std::nullopt;
          });
        });

MPSEC_DEFECT(
        .id = "forgets-its-last-response", .rule = "rfc7296/2.1/response-is-kept-for-a-while",
        .does = "Does not answer a Delete of the IKE SA that comes again.", .make = [] {
          const auto heard = std::make_shared<std::set<std::uint64_t>>();
          return at_socket(
              [=](Message message) {
                const auto* body = find<Delete>(message.payloads);
                const bool closes = !message.header.response && body != nullptr &&
                                    message.payloads.size() == 1 && body->protocol == ProtocolId::ike;
                std::vector<Message> on;
                if (!closes || heard->insert(message.header.initiator_spi.value).second)
                  on.push_back(std::move(message));
                return on;
              },
              {});
        });

MPSEC_DEFECT(
        .id = "serves-nothing-while-it-waits", .rule = "rfc7296/2.3/request-is-served-while-ours-is-out",
        .does = "Hears no request while its own CREATE_CHILD_SA is unanswered.", .make = [] {
          const auto waits = std::make_shared<bool>(false);
          return datagrams(
              [=](Datagram one) {
                const auto header = header_of(one);
                std::vector<Datagram> on;
                if (header && header->response) *waits = false;
                if (!header || header->response || !*waits) on.push_back(std::move(one));
                return on;
              },
              [=](Datagram one) {
                const auto header = header_of(one);
                if (header && !header->response && header->exchange_type == ExchangeType::create_child_sa)
                  *waits = true;
                return std::vector{one};
              });
        });

MPSEC_DEFECT(
        .id = "believes-in-a-window-of-eight", .rule = "rfc7296/2.3/one-request-at-a-time-unless-told-more",
        .does = "Has up to eight requests on their way at a peer that did not say so.", .make = [] {
          return incoming([](Message& message) {
            if (message.header.exchange_type == ExchangeType::ike_auth)
              message.payloads.push_back(
                  make_payload(make_notify(NotifyType::set_window_size, Octets{0, 0, 0, 8})));
          });
        });

MPSEC_DEFECT(
        .id = "answers-far-beyond-the-window",
        .rule = "rfc7296/2.3/invalid-message-id-is-optional-and-a-request",
        .does = "Answers a request far beyond its window with INVALID_MESSAGE_ID.", .make = [] {
          return answering([](const Message& request) -> std::optional<Message> {
            if (request.header.message_id.value < 1000) return std::nullopt;
            Octets data;
            append_be(data, request.header.message_id.value);
            return response_to(request, {make_payload(make_notify(NotifyType::invalid_message_id, data))});
          });
        });

MPSEC_DEFECT(
        .id = "refuses-initial-contact", .rule = "rfc7296/2.4/initial-contact-may-follow-a-crash",
        .does = "Refuses IKE_AUTH with INITIAL_CONTACT.", .make = [] {
          return refusing([](const Message& message) {
            return message.header.exchange_type == ExchangeType::ike_auth &&
                   find_notify(message.payloads, NotifyType::initial_contact) != nullptr;
          });
        });

MPSEC_DEFECT(
        .id = "refuses-initial-contact-elsewhere",
        .rule = "rfc7296/2.4/initial-contact-elsewhere-may-be-ignored",
        .does = "Refuses INFORMATIONAL with INITIAL_CONTACT.", .make = [] {
          return refusing([](const Message& message) {
            return message.header.exchange_type == ExchangeType::informational &&
                   find_notify(message.payloads, NotifyType::initial_contact) != nullptr;
          });
        });

MPSEC_DEFECT(
        .id = "obeys-an-unprotected-delete",
        .rule = "rfc7296/2.4/unprotected-message-does-not-prove-the-peer-dead",
        .does = "A Delete in clear ends the IKE SA.", .make = [] {
          return deaf_after([](const Message& message) { return find<Delete>(message.payloads) != nullptr; });
        });

MPSEC_DEFECT(
        .id = "believes-an-unprotected-invalid-ike-spi",
        .rule = "rfc7296/2.21.4/unprotected-invalid-ike-spi-changes-no-sa",
        .does = "INVALID_IKE_SPI in clear ends the IKE SA.", .make = [] {
          return deaf_after([](const Message& message) {
            return find_notify(message.payloads, NotifyType::invalid_ike_spi) != nullptr;
          });
        });

}  // namespace mpsec::conformance
