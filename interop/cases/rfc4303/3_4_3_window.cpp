// RFC 4303 3.4.3 and A2.1: anti-replay with 32-bit numbers.
#include "interop/suite/esp_steps.hpp"

namespace mpsec::conformance {

MPSEC_CASE(
        .id = "rfc4303/3.4.3/newest-packet-is-not-taken-twice",
        .rules = {"rfc4303/3.4.3/no-number-is-accepted-twice",
                  "rfc4303/3.4.3/every-esp-supports-anti-replay"},
        .features = {Feature::sequence_numbers_32},
        .does = "The tester sends a ping through the tunnel, and the same ESP packet again.",
        .lawful = "The ping is answered once.", .run = [](Tester& t) {
          IkeSession& sa = t.establish();
          EspChild& child = child_of(sa);
          const auto mark = t.fresh_mark();
          const EspPacket packet = child.seal(ping_text(t, mark));
          t.send(packet);
          t.control([&] { t.expect_pong(mark); });
          t.send(packet);
          t.expect_no_pong(mark, "a packet that was replayed");
          t.expect_alive(sa);
        });

MPSEC_CASE(
        .id = "rfc4303/3.4.3/same-number-twice-in-a-row-delivers-the-first",
        .rules = {"rfc4303/3.4.3/no-number-is-accepted-twice"}, .features = {Feature::sequence_numbers_32},
        .does = "Two packets with the same number and different pings go out back to back.",
        .lawful = "The first ping is answered, the second is not.", .run = [](Tester& t) {
          IkeSession& sa = t.establish();
          EspChild& child = child_of(sa);
          const auto number = child.next_number++;
          const auto first = t.send_ping(child, number), second = t.send_ping(child, number);
          t.control([&] { t.expect_pong(first); });
          t.expect_no_pong(second, "a second packet with a number that was used");
          t.expect_alive(sa);
        });

MPSEC_CASE(
        .id = "rfc4303/3.4.3/older-packet-in-the-window-is-not-taken-twice",
        .rules = {"rfc4303/3.4.3/no-number-is-accepted-twice"}, .features = {Feature::sequence_numbers_32},
        .does = "After some packets the tester sends again one that is still in the window, not its newest.",
        .lawful = "It is not delivered a second time.", .run = [](Tester& t) {
          IkeSession& sa = t.establish();
          EspChild& child = child_of(sa);
          reach(t, child, 10);
          reach(t, child, 14);
          expect_refused(t, child, 10, "a number in the window that was used");
          t.expect_alive(sa);
        });

MPSEC_CASE(
        .id = "rfc4303/3.4.3/packet-that-fell-below-the-window-is-not-taken-twice",
        .rules = {"rfc4303/3.4.3/below-the-window-is-discarded", "rfc4303/3.4.3/no-number-is-accepted-twice"},
        .features = {Feature::sequence_numbers_32},
        .does = "The tester moves the window far beyond a packet that was taken, and sends its number again.",
        .lawful = "It is not delivered.", .run = [](Tester& t) {
          IkeSession& sa = t.establish();
          EspChild& child = child_of(sa);
          reach(t, child, 20);
          reach(t, child, 20 + (1u << 22));
          expect_refused(t, child, 20, "a used number below the window");
          t.expect_alive(sa);
        });

MPSEC_CASE(
        .id = "rfc4303/3.4.3/unused-number-below-the-window-is-refused",
        .rules = {"rfc4303/3.4.3/below-the-window-is-discarded"}, .features = {Feature::sequence_numbers_32},
        .does = "The tester moves the window far beyond a number that it has never sent, and sends that.",
        .lawful = "Whether it was seen can no longer be known: it is not delivered.", .run = [](Tester& t) {
          IkeSession& sa = t.establish();
          EspChild& child = child_of(sa);
          reach(t, child, 1u << 22);
          expect_refused(t, child, 30, "an unused number below the window");
          t.expect_alive(sa);
        });

MPSEC_CASE(
        .id = "rfc4303/A2.1/number-that-was-passed-over-is-taken-once",
        .rules = {"rfc4303/A2.1/numbers-passed-over-are-still-good",
                  "rfc4303/3.4.3/new-numbers-go-on-to-the-icv"},
        .features = {Feature::sequence_numbers_32},
        .does = "The tester leaves a gap, sends a number from it, and that number again.",
        .lawful = "The late packet is delivered the first time, and not the second.", .run = [](Tester& t) {
          IkeSession& sa = t.establish();
          EspChild& child = child_of(sa);
          reach(t, child, 20);
          expect_taken(t, child, 12);
          expect_refused(t, child, 12, "a late packet that was taken");
          t.expect_alive(sa);
        });

MPSEC_CASE(
        .id = "rfc4303/A2.1/gap-after-a-jump-holds-no-old-marks",
        .rules = {"rfc4303/A2.1/numbers-passed-over-are-still-good"},
        .features = {Feature::sequence_numbers_32},
        .does =
            "The tester uses ten numbers in a row, jumps by twice the window, and sends the numbers in the "
            "gap "
            "that lie a window above the used ones.",
        .lawful = "They are new, and delivered.",
        .hint = "Marks of a ring or bitmap have to be cleared by a jump beyond its size.",
        .run = [](Tester& t) {
          IkeSession& sa = t.establish();
          EspChild& child = child_of(sa);
          const std::uint64_t window = t.target().window;
          for (std::uint64_t number = 2; number <= 11; ++number)
            reach(t, child, number);
          reach(t, child, 11 + 2 * window);
          for (std::uint64_t number = 2; number < 11; number += 3)
            expect_taken(t, child, number + 2 * window);
        });

MPSEC_CASE(
        .id = "rfc4303/A2.1/window-follows-the-highest-number",
        .rules = {"rfc4303/A2.1/window-follows-the-highest-number"},
        .features = {Feature::sequence_numbers_32},
        .does = "The tester jumps by several windows, then sends the number just below its new top.",
        .lawful =
            "The window moved with the jump: the number is in it and is taken, while one of the old window "
            "is "
            "refused.",
        .run = [](Tester& t) {
          IkeSession& sa = t.establish();
          EspChild& child = child_of(sa);
          reach(t, child, 1u << 22);
          expect_taken(t, child, (1u << 22) - 1);
          expect_refused(t, child, 5, "a number of the window before it moved");
        });

MPSEC_CASE(
        .id = "rfc4303/3.4.3/lowest-number-of-the-declared-window-is-taken",
        .rules = {"rfc4303/3.4.3/new-numbers-go-on-to-the-icv"}, .features = {Feature::sequence_numbers_32},
        .does = "The tester sends the lowest number of a window as large as the target is said to have.",
        .lawful = "It is taken, once.", .run = [](Tester& t) {
          IkeSession& sa = t.establish();
          EspChild& child = child_of(sa);
          const std::uint64_t window = t.target().window, top = 4 * window + 1000;
          reach(t, child, top);
          expect_taken(t, child, top - window + 1);
          expect_refused(t, child, top - window + 1, "the window's lowest number the second time");
        });

MPSEC_CASE(
        .id = "rfc4303/3.4.3/first-number-below-the-declared-window-is-refused",
        .rules = {"rfc4303/3.4.3/below-the-window-is-discarded"}, .features = {Feature::sequence_numbers_32},
        .does = "The tester sends the number one below a window as large as the target is said to have.",
        .lawful =
            "It is not delivered. A target whose window is larger than it is said to be has to have its real "
            "size in its description.",
        .hint = "The window may have been rounded up to whole words.", .run = [](Tester& t) {
          IkeSession& sa = t.establish();
          EspChild& child = child_of(sa);
          const std::uint64_t window = t.target().window, top = 4 * window + 1000;
          reach(t, child, top);
          expect_refused(t, child, top - window, "the number one below the window");
          t.expect_alive(sa);
        });

MPSEC_CASE(
        .id = "rfc4303/3.4.3/new-window-has-room-below-the-first-packet",
        .rules = {"rfc4303/3.4.3/window-begins-at-zero"}, .features = {Feature::sequence_numbers_32},
        .does = "On a new child the tester sends number 20 first, then some below it.",
        .lawful = "The window begins at zero, not at the first number that comes: all are taken.",
        .run = [](Tester& t) {
          IkeSession& sa = t.establish();
          EspChild& child = further_child(t, sa);
          reach(t, child, 20);
          for (const std::uint64_t number : {1, 7, 19})
            expect_taken(t, child, number);
        });

MPSEC_CASE(
        .id = "rfc4303/3.4.3/wrong-icv-above-the-window-does-not-move-it",
        .rules = {"rfc4303/3.4.3/window-updated-only-after-icv"}, .features = {Feature::sequence_numbers_32},
        .does =
            "A packet with a wrong ICV and a number far above the window arrives, then the next lawful "
            "number.",
        .lawful = "The forged packet is discarded, and the lawful one is delivered.", .run = [](Tester& t) {
          IkeSession& sa = t.establish();
          EspChild& child = child_of(sa);
          const auto forged = t.fresh_mark();
          t.send(damaged(child.seal(ping_text(t, forged), 1u << 21), -1));
          t.expect_no_pong(forged, "a packet with a wrong ICV");
          expect_taken(t, child, child.next_number);
        });

MPSEC_CASE(
        .id = "rfc4303/3.4.3/wrong-icv-does-not-use-up-its-number",
        .rules = {"rfc4303/3.4.3/window-updated-only-after-icv"}, .features = {Feature::sequence_numbers_32},
        .does = "A packet with a wrong ICV and a new number arrives, then a lawful packet with that number.",
        .lawful = "The lawful packet is delivered.", .run = [](Tester& t) {
          IkeSession& sa = t.establish();
          EspChild& child = child_of(sa);
          reach(t, child, 20);
          const auto forged = t.fresh_mark();
          t.send(damaged(child.seal(ping_text(t, forged), 15), -1));
          t.expect_no_pong(forged, "a packet with a wrong ICV");
          expect_taken(t, child, 15);
        });

MPSEC_CASE(
        .id = "rfc4303/3.4.3/numbers-above-2-to-31-are-new",
        .rules = {"rfc4303/3.4.3/new-numbers-go-on-to-the-icv"}, .features = {Feature::sequence_numbers_32},
        .does = "The tester's numbers go up to 2^31, beyond it, and to 2^32-1.",
        .lawful = "All are new, and taken.", .hint = "Numbers may have been compared as signed ones.",
        .run = [](Tester& t) {
          IkeSession& sa = t.establish();
          EspChild& child = child_of(sa);
          reach(t, child, 0x7fff'ffff);
          for (const std::uint64_t number : {0x8000'0000u, 0x8000'0005u, 0xffff'ffffu})
            expect_taken(t, child, number);
        });

MPSEC_CASE(
        .id = "rfc4303/3.4.3/numbers-do-not-begin-anew-without-esn",
        .rules = {"rfc4303/3.4.3/no-number-is-accepted-twice", "rfc4303/3.4.3/below-the-window-is-discarded"},
        .features = {Feature::sequence_numbers_32},
        .does = "The tester uses 2^32-1, the last 32-bit number, and then 0, 1 and 5.",
        .lawful = "None of these is taken: without extended numbers there is nothing beyond the last.",
        .run = [](Tester& t) {
          IkeSession& sa = t.establish();
          EspChild& child = child_of(sa);
          climb(t, child, 0xffff'ffff);
          for (const std::uint64_t number : {0, 1, 5})
            expect_refused(t, child, number, "a number after the last one");
          t.expect_alive(sa);
        });

MPSEC_CASE(
        .id = "rfc4303/3.4.3/duplicate-is-recognised-before-its-icv-is-looked-at",
        .rules = {"rfc4303/3.4.3/duplicates-rejected-before-the-icv"},
        .features = {Feature::sequence_numbers_32}, .hooks = {Hook::read_replay_counters},
        .does = "A packet with a used number arrives whose ICV is wrong too.",
        .lawful = "The target counts it as replayed, not as one that is not authentic.",
        .run = [](Tester& t) {
          IkeSession& sa = t.establish();
          EspChild& child = child_of(sa);
          const auto before = t.replay_counters();
          const auto forged = t.fresh_mark();
          t.send(damaged(child.seal(ping_text(t, forged), 1), -1));
          t.expect_no_pong(forged, "a packet with a used number and a wrong ICV");
          const auto after = t.replay_counters();
          t.check(after.replayed == before.replayed + 1 && after.not_authentic == before.not_authentic,
                  "one replayed packet more, and none that is not authentic", "it was counted otherwise");
        });

MPSEC_CASE(
        .id = "rfc4303/3.4.3/replayed-packets-use-up-no-lifetime",
        .rules = {"rfc4301/4.4.2.1/soft-and-hard-lifetime"}, .features = {Feature::sequence_numbers_32},
        .wishes = {.rekey_after_packets = 30},
        .does =
            "Of a child that lives for thirty packets, the tester uses a few, and sends one of them forty "
            "times.",
        .lawful = "The target does not rekey: what it has discarded used up none of the lifetime.",
        .run = [](Tester& t) {
          IkeSession& sa = t.establish();
          EspChild& child = child_of(sa);
          const auto mark = t.fresh_mark();
          const EspPacket packet = child.seal(ping_text(t, mark));
          t.send(packet);
          t.control([&] { t.expect_pong(mark); });
          for (int i = 0; i < 40; ++i)
            t.send(packet);
          t.expect_silence(
              sa,
              [](const Message& one) {
                return !one.header.response && one.header.exchange_type == ExchangeType::create_child_sa;
              },
              "rekeying because of replayed packets");
          t.expect_alive(sa);
        });

}  // namespace mpsec::conformance
