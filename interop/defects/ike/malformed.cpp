// Against RFC 7296 3 and 2.21: what is let pass though it is malformed.
#include <algorithm>

#include "interop/defects/bends.hpp"

namespace mpsec::conformance {

using namespace wire::ike;

namespace {

using Wrong = std::function<bool(OctetView octets)>;

bool is_init_request(OctetView octets) {
  const auto header = decode_header(octets);
  return header && header->exchange_type == ExchangeType::ike_sa_init && !header->response;
}

std::uint16_t at(OctetView octets, std::size_t offset) {
  return load_be<std::uint16_t>(octets.data() + offset);
}

// Takes IKE_SA_INIT requests that are `wrong` for the last good one, under their own SPI.
Bent reading_as_the_last(Wrong wrong) {
  const auto last = std::make_shared<Octets>();
  return datagrams(
      [=](Datagram one) {
        if (!is_init_request(one.octets)) return std::vector{one};
        if (wrong(one.octets) && !last->empty()) {
          std::ranges::copy(OctetView(one.octets).first(8), last->begin());
          one.octets = *last;
        } else if (decode_message(one.octets)) {
          *last = one.octets;
        }
        return std::vector{one};
      },
      {});
}

// Bent requests of IKE_SA_INIT.
Bent wrong_init(std::function<bool(const Message&)> wrong) {
  return taking_for_the_last(std::move(wrong));
}

Judge nonce_of(std::function<bool(std::size_t)> size) {
  return [=](const Message& message) {
    const auto* nonce = find<Nonce>(message.payloads);
    return nonce != nullptr && size(nonce->data.size());
  };
}

// Answers every INFORMATIONAL request that it cannot read and that begins with such a payload.
Bent answering_unreadable(PayloadType first, Payloads payloads) {
  return answering([=](const Message& request) -> std::optional<Message> {
    if (request.header.exchange_type != ExchangeType::informational || request.payloads.empty())
      return std::nullopt;
    const Payload& last = request.payloads.back();
    const bool unread = std::holds_alternative<Encrypted>(last.body) && last.header.next_payload == first;
    return unread ? std::optional(response_to(request, payloads)) : std::nullopt;
  });
}

Payloads no_error() {
  return {make_payload(make_notify(NotifyType::esp_tfc_padding_not_supported))};
}

}  // namespace

MPSEC_DEFECT(
        .id = "does-not-look-at-the-length-of-a-message",
        .rule = "rfc7296/3.10.1/invalid-syntax-for-every-other-error",
        .does = "Takes IKE_SA_INIT whose length is not that of the datagram.", .make = [] {
          return reading_as_the_last(
              [](OctetView o) { return load_be<std::uint32_t>(o.data() + 24) != o.size(); });
        });

MPSEC_DEFECT(
        .id = "takes-a-payload-of-no-length", .rule = "rfc7296/3.10.1/invalid-syntax-for-every-other-error",
        .does = "Takes IKE_SA_INIT with a payload of length 0.",
        .make = [] { return reading_as_the_last([](OctetView o) { return at(o, 30) == 0; }); });

MPSEC_DEFECT(
        .id = "takes-a-payload-beyond-the-message",
        .rule = "rfc7296/3.10.1/invalid-syntax-for-every-other-error",
        .does = "Takes IKE_SA_INIT with a payload that is longer than the message.",
        .make = [] { return reading_as_the_last([](OctetView o) { return at(o, 30) == 0xffff; }); });

MPSEC_DEFECT(
        .id = "takes-a-proposal-of-no-length", .rule = "rfc7296/3.3/lengths-inside-an-sa-payload-agree",
        .does = "Takes IKE_SA_INIT with a proposal of length 0.",
        .make = [] { return reading_as_the_last([](OctetView o) { return at(o, 34) == 0; }); });

MPSEC_DEFECT(
        .id = "takes-transforms-of-any-length", .rule = "rfc7296/3.3/lengths-inside-an-sa-payload-agree",
        .does = "Takes IKE_SA_INIT with a transform of length 0, or longer than its proposal.", .make = [] {
          return reading_as_the_last([](OctetView o) { return at(o, 42) == 0 || at(o, 42) == 4096; });
        });

MPSEC_DEFECT(
        .id = "takes-spi-0", .rule = "rfc7296/3.1/initiators-spi-is-never-zero",
        .does = "Makes an IKE SA whose initiator's SPI is zero.", .make = [] {
          constexpr std::size_t spi = 8;
          const auto zero = std::make_shared<bool>(false);
          return datagrams(
              [=](Datagram one) {
                *zero = is_init_request(one.octets) &&
                        std::ranges::count(OctetView(one.octets).first(spi), 0) == 8;
                if (*zero) one.octets[0] = 1;
                return std::vector{one};
              },
              [=](Datagram one) {
                if (*zero) one.octets[0] = 0;
                return std::vector{one};
              });
        });

MPSEC_DEFECT(
        .id = "takes-short-nonces", .rule = "rfc7296/3.9/nonce-of-16-to-256-octets",
        .does = "Takes nonces of less than 16 octets.",
        .make = [] { return wrong_init(nonce_of([](std::size_t size) { return size < 16; })); });

MPSEC_DEFECT(
        .id = "takes-long-nonces", .rule = "rfc7296/3.9/nonce-of-16-to-256-octets",
        .does = "Takes nonces of more than 256 octets.",
        .make = [] { return wrong_init(nonce_of([](std::size_t size) { return size > 256; })); });

MPSEC_DEFECT(
        .id = "refuses-the-longest-nonces", .rule = "rfc7296/3.9/nonce-of-16-to-256-octets",
        .does = "Refuses nonces of 256 octets.",
        .make = [] { return refusing(nonce_of([](std::size_t size) { return size == 256; })); });

MPSEC_DEFECT(
        .id = "takes-public-values-of-any-length",
        .rule = "rfc7296/3.10.1/invalid-syntax-for-every-other-error",
        .does = "Takes KE payloads whose public value is too short.", .make = [] {
          return wrong_init([](const Message& message) {
            const auto* own = find<KeyExchange>(message.payloads);
            return own != nullptr && own->data.size() < 32;
          });
        });

MPSEC_DEFECT(
        .id = "needs-no-nonce", .rule = "rfc7296/3.10.1/invalid-syntax-for-every-other-error",
        .does = "Takes IKE_SA_INIT without a nonce.", .make = [] {
          return wrong_init([](const Message& message) { return find<Nonce>(message.payloads) == nullptr; });
        });

MPSEC_DEFECT(
        .id = "needs-no-sa-payload", .rule = "rfc7296/3.10.1/invalid-syntax-for-every-other-error",
        .does = "Takes IKE_SA_INIT without an SA payload.", .make = [] {
          return wrong_init(
              [](const Message& message) { return find<SecurityAssociation>(message.payloads) == nullptr; });
        });

MPSEC_DEFECT(
        .id = "fails-under-a-flood-of-payloads", .rule = "rfc7296/2.5/unknown-uncritical-payload-is-ignored",
        .does = "Hears nothing more after a message with more than sixty-four payloads.", .make = [] {
          const auto dead = std::make_shared<bool>(false);
          return datagrams(
              [=](Datagram one) {
                const auto message = decode_message(one.octets);
                *dead = *dead || (message && message->payloads.size() > 64);
                std::vector<Datagram> on;
                if (!*dead) on.push_back(std::move(one));
                return on;
              },
              {});
        });

MPSEC_DEFECT(
        .id = "answers-what-it-cannot-read", .rule = "rfc7296/2.21.3/badly-formatted-request-is-fatal",
        .does = "Answers a request with a malformed Notify as if nothing were the matter.",
        .make = [] { return answering_unreadable(PayloadType::notify, no_error()); });

MPSEC_DEFECT(
        .id = "does-not-count-the-spis-of-a-delete",
        .rule = "rfc7296/3.10.1/invalid-syntax-for-every-other-error",
        .does = "Takes a Delete with fewer SPIs than it names.",
        .make = [] { return answering_unreadable(PayloadType::delete_, no_error()); });

MPSEC_DEFECT(
        .id = "opens-an-encrypted-payload-in-another", .rule = "rfc7296/3.1/no-encrypted-payload-in-another",
        .does = "Takes an Encrypted payload within another.",
        .make = [] { return answering_unreadable(PayloadType::encrypted, no_error()); });

}  // namespace mpsec::conformance
