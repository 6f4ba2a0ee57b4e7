#include "interop/suite/esp_steps.hpp"

#include <algorithm>

namespace mpsec::conformance {

EspChild& child_of(IkeSession& sa) {
  return *sa.children.back();
}

EspChild& further_child(Tester& t, IkeSession& sa, const ChildWish& wish) {
  return t.control([&]() -> EspChild& {
    const Message request = sa.create_child_request(wish);
    const Message response = t.ask(sa, request);
    t.expect_no_error(response);
    return *sa.take_child(request, response);
  });
}

EspChild& successor_of(Tester& t, IkeSession& sa, const EspChild& old) {
  ChildWish wish;
  wish.rekeys = old.terms().own;
  wish.extended_sequence_numbers = old.terms().extended_sequence_numbers;
  return further_child(t, sa, wish);
}

IkeSession& establish_extended(Tester& t) {
  Opening opening;
  opening.child.extended_sequence_numbers = true;
  IkeSession& sa = t.establish(opening);
  t.control([&] {
    t.check(child_of(sa).terms().extended_sequence_numbers,
            "extended sequence numbers, as they were asked for", "32-bit numbers");
  });
  return sa;
}

EspText ping_text(const Tester& t, std::uint32_t mark) {
  EspText text;
  text.payload = t.ping_packet(mark);
  text.next_header = t.target().tester_host.is_v4() ? 4 : 41;
  return text;
}

void expect_taken(Tester& t, EspChild& child, std::uint64_t number) {
  const auto mark = t.send_ping(child, number);
  child.next_number = std::max(child.next_number, number + 1);
  t.expect_pong(mark);
}

void expect_refused(Tester& t, EspChild& child, std::uint64_t number, std::string_view what) {
  t.expect_no_pong(t.send_ping(child, number), what);
}

void reach(Tester& t, EspChild& child, std::uint64_t number) {
  t.control([&] { expect_taken(t, child, number); });
}

void climb(Tester& t, EspChild& child, std::uint64_t number) {
  reach(t, child, number / 2);
  reach(t, child, number);
}

EspPacket damaged(EspPacket packet, std::ptrdiff_t at) {
  const auto size = static_cast<std::ptrdiff_t>(packet.octets.size());
  packet.octets[static_cast<std::size_t>(at < 0 ? size + at : at)] ^= 0x40;
  return packet;
}

ike::Path last_arrival(const Tester& t) {
  const auto& steps = t.steps();
  const auto last = std::find_if(steps.rbegin(), steps.rend(), [](const Step& one) {
    return one.kind == Step::Kind::received && one.path.has_value();
  });
  return last == steps.rend() ? ike::Path{} : *last->path;
}

}  // namespace mpsec::conformance
