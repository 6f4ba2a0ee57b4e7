// RFC 7296 2.19 and 3.15: Configuration payloads, also at a target that gives no addresses.
#include <algorithm>

#include "interop/suite/ways.hpp"

namespace mpsec::conformance {

using namespace wire::ike;

namespace {

using Type = ConfigurationAttributeType;

Payload configuration(ConfigurationType type, std::vector<ConfigurationAttribute> attributes) {
  wire::ike::Configuration body;
  body.type = type;
  body.attributes = std::move(attributes);
  return make_payload(std::move(body));
}

constexpr auto unknown_attribute = static_cast<Type>(16000);

}  // namespace

MPSEC_CASE(
        .id = "rfc7296/2.19/no-cfg-reply-without-a-request",
        .rules = {"rfc7296/2.19/no-reply-without-a-request"}, .side = Side::responder,
        .does = "The tester's IKE_AUTH request has no Configuration payload.",
        .lawful = "The response has none either.", .run = [](Tester& t) {
          const auto [sa, response] = ask_auth(t);
          t.check(find<wire::ike::Configuration>(response.payloads) == nullptr, "no Configuration payload",
                  "one");
        });

MPSEC_CASE(
        .id = "rfc7296/3.15.1/unknown-attributes-of-a-request-are-ignored",
        .rules = {"rfc7296/3.15.1/unknown-attributes-are-ignored",
                  "rfc7296/1.7/attribute-of-address-expiry-is-ignored"},
        .side = Side::responder,
        .does = "CFG_REQUEST in INFORMATIONAL asks for an attribute that nobody knows, and for number 5.",
        .lawful = "It is answered without an error.", .run = [](Tester& t) {
          expect_informational(
              t, t.establish(),
              {configuration(ConfigurationType::request,
                             {{.type = unknown_attribute}, {.type = Type::internal_address_expiry}})});
        });

MPSEC_CASE(
        .id = "rfc7296/3.15/reserved-of-a-configuration-is-ignored",
        .rules = {"rfc7296/3.15/reserved-of-a-configuration-is-ignored",
                  "rfc7296/3.15.1/reserved-bit-of-an-attribute-is-ignored"},
        .side = Side::responder,
        .does = "RESERVED of a CFG_REQUEST in INFORMATIONAL, and the reserved bit of its attribute, are set.",
        .lawful = "It is answered without an error.", .run = [](Tester& t) {
          Payload asked = configuration(ConfigurationType::request,
                                        {{.reserved = true, .type = Type::application_version}});
          std::get<wire::ike::Configuration>(asked.body).reserved = 0x123456;
          expect_informational(t, t.establish(), {asked});
        });

MPSEC_CASE(
        .id = "rfc7296/3.15.1/cfg-set-is-answered-by-what-was-taken",
        .rules = {"rfc7296/3.15.1/nothing-accepted-gives-an-empty-answer",
                  "rfc7296/3.15.1/settings-may-be-ignored",
                  "rfc7296/3.15.1/refused-settings-are-not-acknowledged"},
        .side = Side::responder, .does = "CFG_SET in INFORMATIONAL sets an attribute that nobody knows.",
        .lawful = "The answer has no Configuration payload, or a CFG_ACK without attributes.",
        .run = [](Tester& t) {
          const Message response = expect_informational(
              t, t.establish(), {configuration(ConfigurationType::set, {{.type = unknown_attribute}})});
          const auto* body = find<wire::ike::Configuration>(response.payloads);
          t.check(body == nullptr || (body->type == ConfigurationType::ack && body->attributes.empty()),
                  "nothing, or an empty CFG_ACK", "something else");
        });

}  // namespace mpsec::conformance
