// Against the form of what an initiator sends in the initial exchanges: RFC 7296 2.10, 2.15, 3.
#include "interop/defects/bends.hpp"

namespace mpsec::conformance {

using namespace wire::ike;

namespace {

// As `bend` leaves them, whatever their lengths say.
Bent in_bare_requests(ExchangeType exchange, std::function<void(Message&)> bend) {
  return outgoing([=, bend = std::move(bend)](Message& message) {
    if (is_request(message, exchange)) bend(message);
  });
}

// Of IKE_SA_INIT, and the one that a tester is least likely to choose: so that the handshake goes on.
Bent in_last_proposal(ExchangeType exchange, std::function<void(Proposal&)> bend) {
  return in_bare_requests(exchange, [bend = std::move(bend)](Message& message) {
    if (auto* sa = find<SecurityAssociation>(message.payloads)) bend(sa->proposals.back());
    static_cast<void>(wire::ike::complete(message));
  });
}

}  // namespace

MPSEC_DEFECT(
        .id = "initiator-leaves-its-flag-clear",
        .rule = "rfc7296/3.1/initiator-flag-of-the-original-initiator",
        .does = "Sends the requests of the initial exchanges without the Initiator flag.", .make = [] {
          return outgoing([](Message& message) {
            if (is_request(message, ExchangeType::ike_sa_init) || is_request(message, ExchangeType::ike_auth))
              message.header.initiator = false;
          });
        });

MPSEC_DEFECT(
        .id = "initiator-sets-the-version-flag", .rule = "rfc7296/3.1/version-flag-is-sent-as-zero",
        .does = "Sets the Version flag in its IKE_AUTH request.", .make = [] {
          return in_bare_requests(ExchangeType::ike_auth,
                                  [](Message& message) { message.header.higher_version = true; });
        });

MPSEC_DEFECT(
        .id = "initiators-nonce-payload-is-critical",
        .rule = "rfc7296/3.2/payloads-of-this-document-are-not-critical",
        .does = "Marks the nonce of its IKE_SA_INIT request as critical.", .make = [] {
          return in_bare_requests(ExchangeType::ike_sa_init, [](Message& message) {
            for (Payload& one : message.payloads)
              if (std::holds_alternative<Nonce>(one.body)) one.header.critical = true;
          });
        });

MPSEC_DEFECT(
        .id = "initiator-fills-reserved-of-proposals", .rule = "rfc7296/3.3.1/reserved-of-a-proposal-is-zero",
        .does = "Puts 1 into RESERVED of a proposal in IKE_AUTH.", .make = [] {
          return in_last_proposal(ExchangeType::ike_auth, [](Proposal& one) { one.reserved = 1; });
        });

MPSEC_DEFECT(
        .id = "initiator-skips-a-proposal-number", .rule = "rfc7296/3.3.1/proposals-count-from-one",
        .does = "Gives its last proposal of IKE_SA_INIT a number that leaves others out.", .make = [] {
          return in_last_proposal(ExchangeType::ike_sa_init, [](Proposal& one) { one.number += 7; });
        });

MPSEC_DEFECT(
        .id = "initiator-puts-an-spi-into-its-first-proposals",
        .rule = "rfc7296/3.3.1/first-ike-proposal-has-no-spi",
        .does = "Has an SPI of eight octets in a proposal of IKE_SA_INIT.", .make = [] {
          return in_last_proposal(ExchangeType::ike_sa_init, [](Proposal& one) { one.spi = Octets(8, 7); });
        });

MPSEC_DEFECT(
        .id = "initiator-offers-a-suite-without-a-prf",
        .rule = "rfc7296/3.3.3/mandatory-and-optional-transform-types",
        .does = "Leaves the PRF out of its last proposal for IKE.", .make = [] {
          return in_last_proposal(ExchangeType::ike_sa_init, [](Proposal& one) {
            std::erase_if(one.transforms, [](const Transform& transform) {
              return transform.type == TransformType::pseudorandom_function;
            });
          });
        });

MPSEC_DEFECT(
        .id = "initiator-offers-integrity-beside-a-combined-cipher",
        .rule = "rfc7296/3.3/combined-algorithm-excludes-integrity",
        .does = "Offers AES-GCM together with an integrity algorithm.", .make = [] {
          return in_last_proposal(ExchangeType::ike_sa_init, [](Proposal& one) {
            one.transforms.push_back(
                {.type = TransformType::encryption, .id = 20, .attributes = {{.value = 128}}});
          });
        });

MPSEC_DEFECT(
        .id = "initiator-offers-aes-without-a-key-length",
        .rule = "rfc7296/3.3.5/key-length-where-the-transform-needs-it",
        .does = "Leaves the Key Length out of a cipher in IKE_SA_INIT.", .make = [] {
          return in_last_proposal(ExchangeType::ike_sa_init, [](Proposal& one) {
            for (Transform& transform : one.transforms)
              transform.attributes.clear();
          });
        });

MPSEC_DEFECT(
        .id = "initiator-sends-ke-of-its-second-group", .rule = "rfc7296/3.4/ke-group-is-the-first-proposed",
        .does = "Offers another group in front of the one that its KE payload is of.", .make = [] {
          return in_bare_requests(ExchangeType::ike_sa_init, [](Message& message) {
            auto* sa = find<SecurityAssociation>(message.payloads);
            for (Proposal& one : sa->proposals)
              std::ranges::reverse(one.transforms);
            static_cast<void>(wire::ike::complete(message));
          });
        });

MPSEC_DEFECT(
        .id = "initiator-uses-a-nonce-twice", .rule = "rfc7296/2.10/nonces-are-random",
        .does = "Sends the nonce of its first IKE_SA_INIT request in the later ones too, which then fail.",
        .make = [] {
          const auto first = std::make_shared<Octets>();
          return in_bare_requests(ExchangeType::ike_sa_init, [=](Message& message) {
            auto* nonce = find<Nonce>(message.payloads);
            if (first->empty()) *first = nonce->data;
            nonce->data = *first;
          });
        });

MPSEC_DEFECT(
        .id = "initiator-offers-a-group-in-ike-auth", .rule = "rfc7296/1.2/no-key-exchange-in-ike-auth",
        .does = "Offers a group in a proposal of IKE_AUTH.", .make = [] {
          return in_last_proposal(ExchangeType::ike_auth, [](Proposal& one) {
            one.transforms.push_back({.type = TransformType::key_exchange, .id = 31});
          });
        });

MPSEC_DEFECT(
        .id = "initiator-proves-itself-wrongly", .rule = "rfc7296/2.15/signed-octets",
        .does = "Sends an AUTH payload that is wrong in one bit.",
        .no_ping = "A responder that verifies the proof makes no IKE SA.", .make = [] {
          return in_bare_requests(ExchangeType::ike_auth, [](Message& message) {
            if (auto* proof = find<Authentication>(message.payloads)) proof->data.back() ^= 1;
          });
        });

MPSEC_DEFECT(
        .id = "initiator-leaves-a-port-out", .rule = "rfc7296/3.13.1/any-port-is-0-to-65535",
        .does = "Writes all ports as 0 to 65534 in its IKE_AUTH request.", .make = [] {
          return in_bare_requests(ExchangeType::ike_auth, [](Message& message) {
            if (auto* ts = find<TrafficSelectorsInitiator>(message.payloads))
              ts->selectors.back().end_port = 65534;
          });
        });

MPSEC_DEFECT(
        .id = "initiator-proposes-more-than-its-policy",
        .rule = "rfc7296/2.9.1/no-selectors-against-own-policy",
        .does = "Proposes a network in IKE_AUTH that is no part of its policy.", .make = [] {
          const auto asked = std::make_shared<std::optional<TrafficSelector>>();
          return outgoing_and_incoming(
              [=](Message& message) {
                auto* ts = find<TrafficSelectorsResponder>(message.payloads);
                if (ts == nullptr || !is_request(message, ExchangeType::ike_auth)) return;
                *asked = ts->selectors.back();
                ts->selectors.back().end_v4[1]++;
              },
              [=](Message& message) {
                auto* ts = find<TrafficSelectorsResponder>(message.payloads);
                if (ts != nullptr && message.header.exchange_type == ExchangeType::ike_auth && *asked)
                  ts->selectors.back() = **asked;
              });
        });

}  // namespace mpsec::conformance
