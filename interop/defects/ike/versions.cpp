// Against RFC 7296 2.5, 3.1 and 3.2, in what a receiver takes.
#include <algorithm>

#include "interop/defects/bends.hpp"

namespace mpsec::conformance {

using namespace wire::ike;

namespace {

Judge in_header(std::function<bool(const IkeHeader&)> unusual) {
  return [=](const Message& message) { return unusual(message.header); };
}

bool is_in(const Message& message, ExchangeType exchange) {
  return message.header.exchange_type == exchange;
}

bool has_unknown(const Message& message, bool critical) {
  return std::ranges::any_of(message.payloads, [&](const Payload& one) {
    return std::holds_alternative<UnknownPayload>(one.body) && one.header.critical == critical;
  });
}

Judge with_unknown(ExchangeType exchange) {
  return [=](const Message& message) { return is_in(message, exchange) && has_unknown(message, false); };
}

// Skips critical payloads that it does not know.
Bent skipping(ExchangeType exchange) {
  return incoming([=](Message& message) {
    if (is_in(message, exchange)) remove_payloads<UnknownPayload>(message);
  });
}

// Whether the payload that is usually the first is not.
bool begins_otherwise(const Message& message, PayloadType usual) {
  const bool has_it =
      std::ranges::any_of(message.payloads, [&](const Payload& one) { return type_of(one.body) == usual; });
  return has_it && type_of(message.payloads.back().body) == usual;
}

}  // namespace

MPSEC_DEFECT(
        .id = "refuses-a-higher-minor-version", .rule = "rfc7296/2.5/higher-minor-version-is-ignored",
        .does = "Refuses IKE_AUTH and later messages of version 2.1.", .make = [] {
          return refusing([](const Message& message) {
            return message.header.minor_version != 0 && !is_in(message, ExchangeType::ike_sa_init);
          });
        });

MPSEC_DEFECT(
        .id = "answers-in-a-higher-minor-version", .rule = "rfc7296/3.1/minor-version-is-0",
        .does = "Its IKE_SA_INIT responses are of version 2.1.", .make = [] {
          return outgoing([](Message& message) {
            if (is_in(message, ExchangeType::ike_sa_init) && message.header.response)
              message.header.minor_version = 1;
          });
        });

MPSEC_DEFECT(
        .id = "takes-version-3-for-its-own", .rule = "rfc7296/2.5/higher-major-version-is-dropped",
        .does = "Works on messages of version 3.", .make = [] {
          return datagrams(
              [](Datagram one) {
                if (one.octets.size() > 17 && one.octets[17] == 0x30) one.octets[17] = 0x20;
                return std::vector{one};
              },
              {});
        });

MPSEC_DEFECT(
        .id = "refuses-unused-flags", .rule = "rfc7296/3.1/unused-flags-are-ignored",
        .does = "Refuses messages with unused flags.", .make = [] {
          return refusing(in_header(
              [](const IkeHeader& header) { return header.reserved_high != 0 || header.reserved_low != 0; }));
        });

MPSEC_DEFECT(
        .id = "refuses-the-version-flag", .rule = "rfc7296/3.1/version-flag-is-ignored",
        .does = "Refuses messages with the Version flag.", .make = [] {
          return refusing(in_header([](const IkeHeader& header) { return header.higher_version; }));
        });

MPSEC_DEFECT(
        .id = "refuses-unknown-payloads-in-ike-sa-init",
        .rule = "rfc7296/2.5/unknown-uncritical-payload-is-ignored",
        .does = "Refuses IKE_SA_INIT with a payload that it does not know.",
        .make = [] { return refusing(with_unknown(ExchangeType::ike_sa_init)); });

MPSEC_DEFECT(
        .id = "refuses-unknown-payloads-in-ike-auth", .rule = "rfc7296/2.5/undefined-payloads-are-skipped",
        .does = "Refuses IKE_AUTH with a payload that it does not know.",
        .make = [] { return refusing(with_unknown(ExchangeType::ike_auth)); });

MPSEC_DEFECT(
        .id = "refuses-unknown-payloads-in-informational",
        .rule = "rfc7296/2.5/undefined-payloads-are-skipped",
        .does = "Refuses INFORMATIONAL with a payload that it does not know.",
        .make = [] { return refusing(with_unknown(ExchangeType::informational)); });

MPSEC_DEFECT(
        .id = "skips-critical-payloads-in-ike-sa-init",
        .rule = "rfc7296/2.5/unknown-critical-payload-is-rejected",
        .does = "Takes IKE_SA_INIT with a critical payload that it does not know.",
        .make = [] { return skipping(ExchangeType::ike_sa_init); });

MPSEC_DEFECT(
        .id = "skips-critical-payloads-in-ike-auth",
        .rule = "rfc7296/2.5/unknown-critical-payload-is-rejected",
        .does = "Takes IKE_AUTH with a critical payload that it does not know.",
        .make = [] { return skipping(ExchangeType::ike_auth); });

MPSEC_DEFECT(
        .id = "skips-critical-payloads-in-informational",
        .rule = "rfc7296/4/unsupported-critical-payload-is-refused",
        .does = "Takes INFORMATIONAL with a critical payload that it does not know.",
        .make = [] { return skipping(ExchangeType::informational); });

MPSEC_DEFECT(
        .id = "refuses-critical-known-payloads",
        .rule = "rfc7296/3.2/critical-flag-of-a-known-payload-is-ignored",
        .does = "Refuses messages whose SA payload is critical.", .make = [] {
          return refusing([](const Message& message) {
            return std::ranges::any_of(message.payloads, [](const Payload& one) {
              return std::holds_alternative<SecurityAssociation>(one.body) && one.header.critical;
            });
          });
        });

MPSEC_DEFECT(
        .id = "refuses-reserved-bits-of-payloads",
        .rule = "rfc7296/3.2/reserved-bits-of-a-payload-are-ignored",
        .does = "Refuses messages with reserved bits in a payload header.", .make = [] {
          return refusing([](const Message& message) {
            return std::ranges::any_of(message.payloads,
                                       [](const Payload& one) { return one.header.reserved != 0; });
          });
        });

MPSEC_DEFECT(
        .id = "refuses-another-order-in-ike-sa-init", .rule = "rfc7296/2.5/unusual-order-is-valid",
        .does = "Refuses IKE_SA_INIT with the SA payload at its end.", .make = [] {
          return refusing([](const Message& message) {
            return is_in(message, ExchangeType::ike_sa_init) &&
                   begins_otherwise(message, PayloadType::security_association);
          });
        });

MPSEC_DEFECT(
        .id = "refuses-another-order-in-ike-auth",
        .rule = "rfc7296/1.7/order-of-payloads-is-no-ground-to-refuse",
        .does = "Refuses IKE_AUTH with the IDi payload at its end.", .make = [] {
          return refusing([](const Message& message) {
            return is_in(message, ExchangeType::ike_auth) &&
                   begins_otherwise(message, PayloadType::identification_initiator);
          });
        });

MPSEC_DEFECT(
        .id = "sends-payloads-the-other-way-round", .rule = "rfc7296/2.5/payloads-in-the-usual-order",
        .does = "The payloads of its IKE_AUTH responses stand the other way round.", .make = [] {
          return outgoing([](Message& message) {
            if (!is_in(message, ExchangeType::ike_auth) || !message.header.response) return;
            std::ranges::reverse(message.payloads);
            static_cast<void>(complete(message));
          });
        });

}  // namespace mpsec::conformance
