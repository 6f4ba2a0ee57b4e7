// Against RFC 7296 3: fields that are not what they have to be, or are looked at and should not.
#include <algorithm>

#include "interop/defects/bends.hpp"

namespace mpsec::conformance {

using namespace wire::ike;

namespace {

// The responses of an exchange.
Bent responding(ExchangeType exchange, std::function<void(Message&)> bend) {
  return outgoing([=](Message& message) {
    if (message.header.exchange_type == exchange && message.header.response) bend(message);
  });
}
Bent responding_to_auth(std::function<void(Message&)> bend) {
  return responding(ExchangeType::ike_auth, std::move(bend));
}

template <class Body>
Bent bending(std::function<void(Body&)> bend) {
  return responding_to_auth([=](Message& message) {
    if (auto* body = find<Body>(message.payloads)) bend(*body);
  });
}

// Refuses messages with such a body.
template <class Body>
Bent refusing_body(std::function<bool(const Body&)> unusual) {
  return refusing([=](const Message& message) {
    return std::ranges::any_of(find_all<Body>(message.payloads),
                               [&](const Body* one) { return unusual(*one); });
  });
}

}  // namespace

MPSEC_DEFECT(
        .id = "answers-with-the-initiator-flag",
        .rule = "rfc7296/3.1/no-initiator-flag-of-the-original-responder",
        .does = "The Initiator flag is set in its IKE_SA_INIT responses.", .make = [] {
          return responding(ExchangeType::ike_sa_init,
                            [](Message& message) { message.header.initiator = true; });
        });

MPSEC_DEFECT(
        .id = "answers-without-the-response-flag", .rule = "rfc7296/3.1/response-flag-is-set-in-responses",
        .does = "The Response flag is clear in its IKE_AUTH responses.",
        .no_ping = "Nobody takes them for responses.",
        .make = [] { return responding_to_auth([](Message& message) { message.header.response = false; }); });

MPSEC_DEFECT(
        .id = "answers-with-unused-flags", .rule = "rfc7296/3.1/unused-flags-are-sent-as-zero",
        .does = "A flag without a name is set in its IKE_AUTH responses.",
        .make = [] { return responding_to_auth([](Message& message) { message.header.reserved_low = 4; }); });

MPSEC_DEFECT(
        .id = "answers-with-the-version-flag", .rule = "rfc7296/3.1/version-flag-is-sent-as-zero",
        .does = "The Version flag is set in its IKE_AUTH responses.", .make = [] {
          return responding_to_auth([](Message& message) { message.header.higher_version = true; });
        });

MPSEC_DEFECT(
        .id = "answers-with-critical-payloads", .rule = "rfc7296/2.5/responses-have-no-critical-payloads",
        .does = "The first payload of its IKE_AUTH responses is critical.", .make = [] {
          return responding_to_auth(
              [](Message& message) { message.payloads.front().header.critical = true; });
        });

MPSEC_DEFECT(
        .id = "answers-with-reserved-bits", .rule = "rfc7296/3.2/reserved-bits-of-a-payload-are-zero",
        .does = "A reserved bit is set in the first payload of its IKE_AUTH responses.", .make = [] {
          return responding_to_auth([](Message& message) { message.payloads.front().header.reserved = 1; });
        });

MPSEC_DEFECT(
        .id = "fills-reserved-of-proposals", .rule = "rfc7296/3.3.1/reserved-of-a-proposal-is-zero",
        .does = "RESERVED of its proposal in IKE_AUTH is not zero.", .make = [] {
          return bending<SecurityAssociation>(
              [](SecurityAssociation& sa) { sa.proposals.at(0).reserved = 1; });
        });

MPSEC_DEFECT(
        .id = "fills-reserved-of-transforms", .rule = "rfc7296/3.3.2/reserved-of-a-transform-is-zero",
        .does = "RESERVED of a transform in IKE_AUTH is not zero.", .make = [] {
          return bending<SecurityAssociation>(
              [](SecurityAssociation& sa) { sa.proposals.at(0).transforms.at(0).reserved_2 = 1; });
        });

MPSEC_DEFECT(
        .id = "fills-reserved-of-its-id", .rule = "rfc7296/3.5/reserved-of-an-id-is-zero",
        .does = "RESERVED of IDr is not zero.", .make = [] {
          return bending<IdentificationResponder>([](IdentificationResponder& id) { id.reserved = 1; });
        });

MPSEC_DEFECT(
        .id = "ends-its-id-with-a-zero", .rule = "rfc7296/3.5/fqdn-has-no-terminator",
        .does = "A zero follows the name in IDr.", .make = [] {
          return responding_to_auth([](Message& message) {
            if (auto* id = find<IdentificationResponder>(message.payloads)) id->data.push_back(0);
            static_cast<void>(complete(message));
          });
        });

MPSEC_DEFECT(
        .id = "fills-reserved-of-auth", .rule = "rfc7296/3.8/reserved-of-auth-is-zero",
        .does = "RESERVED of its AUTH payload is not zero.",
        .make = [] { return bending<Authentication>([](Authentication& auth) { auth.reserved = 1; }); });

MPSEC_DEFECT(
        .id = "fills-reserved-of-selectors", .rule = "rfc7296/3.13/reserved-of-selectors-is-zero",
        .does = "RESERVED of its TSr payload is not zero.", .make = [] {
          return bending<TrafficSelectorsResponder>([](TrafficSelectorsResponder& ts) { ts.reserved = 1; });
        });

MPSEC_DEFECT(
        .id = "answers-with-a-group-beside-the-chosen-one",
        .rule = "rfc7296/3.4/ke-group-is-one-of-the-sa-payload",
        .does = "The KE payload of its IKE_SA_INIT response names another group than the SA payload.",
        .make = [] {
          return responding(ExchangeType::ike_sa_init, [](Message& message) {
            if (auto* own = find<KeyExchange>(message.payloads)) own->method = 99;
          });
        });

MPSEC_DEFECT(
        .id = "names-a-protocol-without-an-spi", .rule = "rfc7296/3.10/notify-without-spi-has-no-protocol",
        .does = "The first Notify of its IKE_SA_INIT response says protocol 1 and has no SPI.", .make = [] {
          return responding(ExchangeType::ike_sa_init, [](Message& message) {
            if (auto* notify = find<Notify>(message.payloads)) notify->protocol = ProtocolId::ike;
          });
        });

MPSEC_DEFECT(
        .id = "looks-at-reserved-of-proposals", .rule = "rfc7296/3.3.1/reserved-of-a-proposal-is-ignored",
        .does = "Refuses proposals with RESERVED that is not zero.", .make = [] {
          return refusing_body<SecurityAssociation>([](const SecurityAssociation& sa) {
            return std::ranges::any_of(sa.proposals, [](const Proposal& one) { return one.reserved != 0; });
          });
        });

MPSEC_DEFECT(
        .id = "looks-at-reserved-of-an-id", .rule = "rfc7296/3.5/reserved-of-an-id-is-ignored",
        .does = "Computes AUTH over an ID whose RESERVED is zero.", .make = [] {
          return incoming([](Message& message) {
            if (auto* id = find<IdentificationInitiator>(message.payloads)) id->reserved = 0;
          });
        });

MPSEC_DEFECT(
        .id = "looks-at-reserved-of-auth", .rule = "rfc7296/3.8/reserved-of-auth-is-ignored",
        .does = "Refuses AUTH payloads with RESERVED that is not zero.", .make = [] {
          return refusing_body<Authentication>([](const Authentication& one) { return one.reserved != 0; });
        });

MPSEC_DEFECT(
        .id = "looks-at-the-protocol-of-a-notify-without-spi",
        .rule = "rfc7296/3.10/protocol-without-spi-is-ignored",
        .does = "Refuses Notify payloads that say protocol 1.", .make = [] {
          return refusing_body<Notify>([](const Notify& one) { return one.protocol == ProtocolId::ike; });
        });

MPSEC_DEFECT(
        .id = "refuses-unknown-notifies", .rule = "rfc7296/3.10.1/unknown-notifies-are-ignored",
        .does = "Refuses requests with an error that it does not know.", .make = [] {
          return refusing_body<Notify>(
              [](const Notify& one) { return one.type == static_cast<NotifyType>(8190); });
        });

MPSEC_DEFECT(
        .id = "refuses-unknown-vendor-ids", .rule = "rfc7296/3.12/unknown-vendor-id-is-ignored",
        .does = "Refuses requests with a Vendor ID of no octets.",
        .make = [] { return refusing_body<VendorId>([](const VendorId& one) { return one.data.empty(); }); });

}  // namespace mpsec::conformance
