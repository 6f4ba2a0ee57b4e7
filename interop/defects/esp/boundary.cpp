// Against RFC 4301 5: what crosses the boundary in the clear, or under the wrong SA.
#include "interop/defects/esp_bends.hpp"
#include "interop/suite/esp_child.hpp"

namespace mpsec::conformance {
namespace {

constexpr std::string_view rule = "rfc4301/5.1/protect-without-sa-asks-for-one-and-never-sends-clear";

// What of a target's history its leak depends on.
struct Seen {
  bool protected_any = false, deleted_child = false, deleted_ike = false, rekeying = false, high = false;
};
Bent leaking(std::function<bool(const Seen&, bool gone)> when) {
  const auto seen = std::make_shared<Seen>();
  Bent bent = at_socket(
      [=](Message message) {
        for (const Payload& payload : message.payloads)
          if (const auto* gone = std::get_if<wire::ike::Delete>(&payload.body)) {
            seen->deleted_child |= gone->protocol == wire::ike::ProtocolId::esp;
            seen->deleted_ike |= gone->protocol == wire::ike::ProtocolId::ike;
          }
        if (message.header.exchange_type == ExchangeType::create_child_sa) seen->rekeying = false;
        return std::vector{std::move(message)};
      },
      [=](Message message) {
        seen->rekeying |=
            message.header.exchange_type == ExchangeType::create_child_sa && !message.header.response;
        return std::vector{std::move(message)};
      });
  bent.esp_out = [=](EspPacket packet) {
    seen->protected_any = true;
    seen->high |= number_on_wire(packet) > 0xffff'fff0;
    return std::vector{std::move(packet)};
  };
  bent.leaks = [=](OctetView, bool gone) { return when(*seen, gone); };
  return bent;
}

}  // namespace

MPSEC_DEFECT(
        .id = "leaks-before-the-first-sa", .rule = rule,
        .does = "Sends in the clear what it has no SA for yet.", .make = [] {
          return leaking([](const Seen& seen, bool gone) { return !gone && !seen.protected_any; });
        });
MPSEC_DEFECT(
        .id = "leaks-after-a-child-was-deleted", .rule = rule,
        .does = "Sends in the clear what went over a child that was deleted.", .make = [] {
          return leaking([](const Seen& seen, bool gone) { return !gone && seen.deleted_child; });
        });
MPSEC_DEFECT(
        .id = "leaks-after-the-ike-sa-was-deleted", .rule = rule,
        .does = "Sends in the clear what went over an IKE SA's children once that was deleted.", .make = [] {
          return leaking([](const Seen& seen, bool gone) { return !gone && seen.deleted_ike; });
        });
MPSEC_DEFECT(
        .id = "leaks-while-it-rekeys", .rule = rule,
        .does = "Sends in the clear as well while it waits for a child's successor.",
        .make = [] { return leaking([](const Seen& seen, bool gone) { return gone && seen.rekeying; }); });
MPSEC_DEFECT(
        .id = "leaks-after-expiry", .rule = rule,
        .does = "Sends in the clear what went over a child that has expired.", .make = [] {
          return leaking([](const Seen& seen, bool gone) {
            return !gone && seen.protected_any && !seen.deleted_child && !seen.deleted_ike && !seen.high;
          });
        });
MPSEC_DEFECT(
        .id = "leaks-when-numbers-are-used-up", .rule = "rfc4303/3.3.3/exhausted-counter-sends-nothing",
        .does = "Sends in the clear what it has no number for.",
        .make = [] { return leaking([](const Seen& seen, bool gone) { return !gone && seen.high; }); });
MPSEC_DEFECT(
        .id = "takes-clear-text", .rule = "rfc4301/5.2/clear-text-for-a-protected-policy-is-refused",
        .does = "Delivers what arrives in the clear.", .make = [] {
          Bent bent;
          bent.lets_in = [](OctetView) { return true; };
          return bent;
        });
MPSEC_DEFECT(
        .id = "does-not-look-at-inner-addresses",
        .rule = "rfc4301/5.2/inner-packet-must-match-the-selectors-of-its-sa",
        .does = "Delivers whatever comes out of an SA.",
        .make = [] { return selectors([](const auto&, ipsec::Discard) { return ipsec::Discard::none; }); });
}  // namespace mpsec::conformance
