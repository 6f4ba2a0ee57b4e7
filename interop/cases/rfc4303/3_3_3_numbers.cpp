// RFC 4303 2.2 and 3.3.3: the numbers that the target sends.
#include "interop/suite/esp_steps.hpp"

namespace mpsec::conformance {
namespace {

constexpr std::uint64_t last_number = 0xffff'ffff;

// Its answers to pings until none comes any more; the rekeying that it asks for is left unanswered.
std::vector<std::uint64_t> numbers_to_the_end(Tester& t, EspChild& child) {
  std::vector<std::uint64_t> numbers;
  for (int i = 0; i < 8; ++i) {
    const auto mark = t.send_ping(child);
    if (const auto pong = t.receive_pong(mark, t.link().silence())) numbers.push_back(pong->opened.number);
  }
  return numbers;
}

}  // namespace

MPSEC_CASE(
        .id = "rfc4303/3.3.3/first-packet-has-the-number-one",
        .rules = {"rfc4303/3.3.3/first-number-is-one", "rfc4303/2.2/number-is-always-there",
                  "rfc4303/2.2/sender-always-sends-the-number"},
        .does = "The tester makes a second child and pings over it.",
        .lawful = "The target's first packet on the child has the number 1.", .run = [](Tester& t) {
          IkeSession& sa = t.establish();
          EspChild& first = child_of(sa);
          EspChild& child = successor_of(t, sa, first);
          const auto pong = t.ping(child);
          t.check(pong.child != &child || pong.opened.number == 1, "the number 1 in the child's first packet",
                  std::to_string(pong.opened.number));
        });

MPSEC_CASE(
        .id = "rfc4303/2.2/each-packet-has-the-next-number",
        .rules = {"rfc4303/2.2/number-goes-up-with-each-packet", "rfc4303/3.3.3/sender-assumes-anti-replay"},
        .does = "The target answers six pings.", .lawful = "The numbers of its packets go up by one.",
        .run = [](Tester& t) {
          IkeSession& sa = t.establish();
          EspChild& child = child_of(sa);
          std::uint64_t last = t.ping(child).opened.number;
          for (int i = 0; i < 5; ++i) {
            const auto next = t.ping(child).opened.number;
            t.check(next == last + 1, "the number " + std::to_string(last + 1), std::to_string(next));
            last = next;
          }
        });

MPSEC_CASE(
        .id = "rfc4303/2.2/numbers-begin-anew-only-with-a-new-sa",
        .rules = {"rfc4303/2.2/new-sa-before-2-to-32-packets"}, .hooks = {Hook::rekey_ike},
        .does = "The target rekeys the IKE SA, which leaves its children as they are, and answers pings.",
        .lawful = "The child's numbers go on where they were: its key is the old one.", .run = [](Tester& t) {
          IkeSession& sa = t.establish();
          EspChild& child = child_of(sa);
          const auto before = t.control([&] { return t.ping(child); }).opened.number;
          t.call(Hook::rekey_ike);
          t.control([&] {
            const Message request = t.expect_request(sa, ExchangeType::create_child_sa);
            IkeSession* next = nullptr;
            sa.send(sa.rekey_response(request, &next));
          });
          const auto after = t.ping(child).opened.number;
          t.check(after > before, "a number above " + std::to_string(before), std::to_string(after));
        });

MPSEC_CASE(
        .id = "rfc4303/3.3.3/sender-stops-at-the-last-number",
        .rules = {"rfc4303/3.3.3/counter-must-not-cycle-with-anti-replay",
                  "rfc4303/3.3.3/exhausted-counter-sends-nothing"},
        .features = {Feature::sequence_numbers_32}, .hooks = {Hook::set_outbound_sequence},
        .does = "The target is told to go on just below 2^32-1, and is pinged beyond its last number.",
        .lawful = "Its numbers go up to 2^32-1 at most, and no number comes after that. It may stop before.",
        .run = [](Tester& t) {
          IkeSession& sa = t.establish();
          EspChild& child = child_of(sa);
          t.call(Hook::set_outbound_sequence, last_number - 3);
          const auto numbers = numbers_to_the_end(t, child);
          for (const std::uint64_t number : numbers)
            t.check(number > last_number - 8, "numbers up to 2^32-1 and none after", std::to_string(number));
          t.check(numbers.size() < 8, "no more packets than there are numbers", "eight packets");
          t.expect_alive(sa);
        });

MPSEC_CASE(
        .id = "rfc4303/3.3.3/nothing-leaves-in-the-clear-when-numbers-are-used-up",
        .rules = {"rfc4303/3.3.3/exhausted-counter-sends-nothing",
                  "rfc4301/5.1/protect-without-sa-asks-for-one-and-never-sends-clear"},
        .features = {Feature::sequence_numbers_32},
        .hooks = {Hook::set_outbound_sequence, Hook::send_traffic},
        .does = "The target has used its last number, and has more to send.",
        .lawful = "Nothing of it leaves unprotected.", .run = [](Tester& t) {
          t.needs_clear();
          IkeSession& sa = t.establish();
          EspChild& child = child_of(sa);
          t.call(Hook::set_outbound_sequence, last_number - 1);
          numbers_to_the_end(t, child);
          t.call(Hook::send_traffic, t.fresh_mark());
          t.expect_no_clear("though all numbers are used up");
          t.expect_alive(sa);
        });

MPSEC_CASE(
        .id = "rfc4303/3.3.3/new-sa-is-asked-for-when-numbers-end",
        .rules = {"rfc4303/3.3.3/new-sa-in-anticipation-of-the-end",
                  "rfc4303/2.2/new-sa-before-2-to-32-packets"},
        .features = {Feature::sequence_numbers_32}, .hooks = {Hook::set_outbound_sequence},
        .does = "The target is told to go on just below 2^32-1, and is pinged beyond its last number.",
        .lawful = "It asks for a new child with CREATE_CHILD_SA, or closes the old one or the IKE SA.",
        .run = [](Tester& t) {
          IkeSession& sa = t.establish();
          EspChild& child = child_of(sa);
          t.call(Hook::set_outbound_sequence, last_number - 3);
          numbers_to_the_end(t, child);
          const auto wanted = [](const Message& one) {
            return !one.header.response &&
                   (one.header.exchange_type == ExchangeType::create_child_sa || !one.payloads.empty());
          };
          if (!t.receive(sa, wanted, t.request_patience()))
            t.fail("CREATE_CHILD_SA or a Delete at the end of the numbers", "no request");
        });

}  // namespace mpsec::conformance
