// RFC 4303 3.1: transport mode.
#include "interop/suite/esp_steps.hpp"

namespace mpsec::conformance {
namespace {

IkeSession& establish_transport(Tester& t) {
  Opening opening;
  opening.child.transport = true;
  return t.establish(opening);
}

}  // namespace

MPSEC_CASE(
        .id = "rfc4303/2.4/transport-mode-takes-padding",
        .rules = {"rfc4303/2.4/all-can-add-and-remove-padding"}, .features = {Feature::transport_mode},
        .wishes = {.transport_mode = true},
        .does = "In transport mode the tester sends a ping with more padding than it needs.",
        .lawful = "The padding is taken off, and the ping answered.", .run = [](Tester& t) {
          IkeSession& sa = establish_transport(t);
          EspChild& child = child_of(sa);
          const auto mark = t.fresh_mark();
          const Octets whole = t.ping_packet(mark);
          const bool v4 = t.target().tester_host.is_v4();
          EspText text;
          text.next_header = v4 ? 1 : 58;
          text.payload.assign(whole.begin() + (v4 ? 20 : 40), whole.end());
          const std::size_t multiple = child.text_multiple();
          text.padding.emplace();
          while ((text.payload.size() + text.padding->size() + 2) % multiple != 0 ||
                 text.padding->size() < 100)
            text.padding->push_back(static_cast<std::uint8_t>(text.padding->size() + 1));
          t.send(child.seal(text));
          t.expect_pong(mark);
        });

MPSEC_CASE(
        .id = "rfc4303/2.6/transport-mode-drops-dummy-packets",
        .rules = {"rfc4303/2.6/dummy-packets-are-dropped-without-prejudice"},
        .features = {Feature::transport_mode}, .wishes = {.transport_mode = true},
        .does = "In transport mode a dummy packet arrives, then a ping.",
        .lawful = "The dummy does no harm: the ping is answered.", .run = [](Tester& t) {
          IkeSession& sa = establish_transport(t);
          EspChild& child = child_of(sa);
          EspText text;
          text.next_header = 59;
          text.payload.assign(50, 0xee);
          t.send(child.seal(text));
          expect_taken(t, child, child.next_number);
        });

}  // namespace mpsec::conformance
