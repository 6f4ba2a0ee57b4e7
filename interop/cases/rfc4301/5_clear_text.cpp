// RFC 4301 5.1 and 5.2: what is to be protected never leaves in the clear, and is not taken in the clear.
#include "interop/suite/esp_steps.hpp"

namespace mpsec::conformance {
namespace {

using namespace std::chrono_literals;

// Its host has something to send, which leaves protected or not at all.
void expect_nothing_in_the_clear(Tester& t, std::string_view when) {
  t.call(Hook::send_traffic, t.fresh_mark());
  t.expect_no_clear(when);
}

Payloads delete_child(const EspChild& child) {
  wire::ike::Delete gone{.protocol = wire::ike::ProtocolId::esp, .spi_size = 4, .spi_count = 1};
  append_be(gone.spis, child.terms().own.value);
  return {wire::ike::make_payload(std::move(gone))};
}

constexpr std::string_view rule = "rfc4301/5.1/protect-without-sa-asks-for-one-and-never-sends-clear";

}  // namespace

MPSEC_CASE(
        .id = "rfc4301/5.1/nothing-leaves-in-the-clear-before-the-first-sa", .rules = {rule},
        .side = Side::initiator, .hooks = {Hook::send_traffic},
        .does = "Before there is any SA, the host behind the target sends a packet to the tester's side.",
        .lawful = "It does not leave in the clear. The target may begin an exchange for it.",
        .run = [](Tester& t) {
          t.needs_clear();
          t.control([&] { t.expect_target_alive(); });
          expect_nothing_in_the_clear(t, "before the first SA");
        });

MPSEC_CASE(
        .id = "rfc4301/5.1/nothing-leaves-in-the-clear-after-the-child-was-deleted", .rules = {rule},
        .hooks = {Hook::send_traffic},
        .does = "The tester deletes the child, and the host behind the target sends a packet.",
        .lawful = "It does not leave in the clear. The target may ask for a new child.",
        .run = [](Tester& t) {
          t.needs_clear();
          IkeSession& sa = t.establish();
          t.control([&] { t.ask(sa, sa.informational(delete_child(child_of(sa)))); });
          expect_nothing_in_the_clear(t, "after the child was deleted");
          t.expect_alive(sa);
        });

MPSEC_CASE(
        .id = "rfc4301/5.1/nothing-leaves-in-the-clear-after-the-ike-sa-was-deleted", .rules = {rule},
        .hooks = {Hook::send_traffic},
        .does =
            "The tester deletes the IKE SA with its child, and the host behind the target sends a packet.",
        .lawful = "It does not leave in the clear. The target may begin anew.", .run = [](Tester& t) {
          t.needs_clear();
          IkeSession& sa = t.establish();
          t.control([&] {
            t.ask(sa, sa.informational({wire::ike::make_payload(
                          wire::ike::Delete{.protocol = wire::ike::ProtocolId::ike})}));
          });
          expect_nothing_in_the_clear(t, "after the IKE SA was deleted");
        });

MPSEC_CASE(
        .id = "rfc4301/5.1/nothing-leaves-in-the-clear-while-a-child-is-rekeyed", .rules = {rule},
        .hooks = {Hook::rekey_child, Hook::send_traffic},
        .does =
            "The target asks to rekey the child; before the tester answers, the host behind it sends a "
            "packet.",
        .lawful = "The packet goes over the old child, and nothing leaves in the clear.",
        .run = [](Tester& t) {
          t.needs_clear();
          IkeSession& sa = t.establish();
          t.call(Hook::rekey_child);
          const Message request =
              t.control([&] { return t.expect_request(sa, ExchangeType::create_child_sa); });
          expect_nothing_in_the_clear(t, "while the child is rekeyed");
          t.check(t.receive_esp(t.link().patience()).has_value(), "the packet on the old child", "nothing");
          sa.send(sa.child_response(request));
        });

MPSEC_CASE(
        .id = "rfc4301/5.1/nothing-leaves-in-the-clear-when-the-child-expires",
        .rules = {rule, "rfc7296/2.8/expired-sa-is-not-used"},
        .hooks = {Hook::send_traffic, Hook::set_lifetime}, .wishes = {.child_lifetime = Duration(20s)},
        .does =
            "The tester leaves every request to rekey the child unanswered until long after its lifetime, "
            "and "
            "the host behind the target sends a packet.",
        .lawful = "Nothing leaves in the clear, and nothing under the child that has expired.",
        .run = [](Tester& t) {
          t.needs_clear();
          IkeSession& sa = t.establish();
          t.wait(90s);
          while (t.receive_esp(Duration{})) {
          }
          expect_nothing_in_the_clear(t, "when the child has expired");
          t.check(!t.receive_esp(t.link().silence()), "nothing under the child that has expired", "a packet");
          static_cast<void>(sa);
        });

MPSEC_CASE(
        .id = "rfc4301/5.2/clear-text-is-not-taken-where-protection-is-asked-for",
        .rules = {"rfc4301/5.2/clear-text-for-a-protected-policy-is-refused"},
        .does = "With a child established, a ping to the protected host arrives in the clear.",
        .lawful = "It is not delivered.", .run = [](Tester& t) {
          t.needs_clear();
          IkeSession& sa = t.establish();
          const auto mark = t.fresh_mark();
          t.send_clear(t.ping_packet(mark));
          t.expect_no_pong(mark, "a packet in the clear");
          t.expect_alive(sa);
        });

}  // namespace mpsec::conformance
