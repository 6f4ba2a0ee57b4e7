// RFC 4303 A2.2 and A3: extended sequence numbers, their high half inferred. Case A is a window within one
// run of 2^32 numbers, case B one that reaches back into the run before.
#include "interop/suite/esp_steps.hpp"

namespace mpsec::conformance {
namespace {

constexpr std::uint64_t run = std::uint64_t{1} << 32;

// Ten numbers below the end of the first run.
EspChild& near_the_end(Tester& t, IkeSession& sa) {
  EspChild& child = child_of(sa);
  climb(t, child, run - 10);
  return child;
}
// Five numbers into the second run.
EspChild& beyond_the_end(Tester& t, IkeSession& sa) {
  EspChild& child = near_the_end(t, sa);
  reach(t, child, run + 5);
  return child;
}

}  // namespace

MPSEC_CASE(
        .id = "rfc4303/A2.2/case-a-above-the-window-is-taken",
        .rules = {"rfc4303/A2.2/high-half-by-position-of-the-window",
                  "rfc4303/A2.1/window-follows-the-highest-number"},
        .features = {Feature::extended_sequence_numbers}, .wishes = {.extended_sequence_numbers = true},
        .does = "With the window within one run, the tester sends a number above it.",
        .lawful = "It is taken, and moves the window.", .run = [](Tester& t) {
          IkeSession& sa = establish_extended(t);
          EspChild& child = child_of(sa);
          reach(t, child, 5000);
          expect_taken(t, child, 70'000);
          expect_refused(t, child, 70'000, "the window's new top the second time");
        });

MPSEC_CASE(
        .id = "rfc4303/A2.2/case-a-in-the-window-is-taken-once",
        .rules = {"rfc4303/A2.2/high-half-by-position-of-the-window",
                  "rfc4303/3.4.3/no-number-is-accepted-twice"},
        .features = {Feature::extended_sequence_numbers}, .wishes = {.extended_sequence_numbers = true},
        .does = "With the window within one run, the tester sends an unused number in it twice.",
        .lawful = "It is taken once.", .run = [](Tester& t) {
          IkeSession& sa = establish_extended(t);
          EspChild& child = child_of(sa);
          reach(t, child, 5000);
          expect_taken(t, child, 5000 - t.target().window / 2);
          expect_refused(t, child, 5000 - t.target().window / 2, "a number of the window the second time");
        });

MPSEC_CASE(
        .id = "rfc4303/A2.2/case-a-below-the-window-is-refused",
        .rules = {"rfc4303/A2.2/high-half-by-position-of-the-window",
                  "rfc4303/3.4.3/window-updated-only-after-icv"},
        .features = {Feature::extended_sequence_numbers}, .wishes = {.extended_sequence_numbers = true},
        .does = "With the window within one run, the tester sends a number far below it, and goes on above.",
        .lawful =
            "The old packet counts as one of the next run, where its ICV does not fit: it is discarded and "
            "moves nothing.",
        .run = [](Tester& t) {
          IkeSession& sa = establish_extended(t);
          EspChild& child = child_of(sa);
          reach(t, child, 1u << 22);
          expect_refused(t, child, 300, "a number below the window");
          expect_taken(t, child, child.next_number);
        });

MPSEC_CASE(
        .id = "rfc4303/A2.2/case-a-goes-on-into-the-next-run",
        .rules = {"rfc4303/A2.2/high-half-by-position-of-the-window",
                  "rfc4303/2.2.1/esn-should-be-implemented"},
        .features = {Feature::extended_sequence_numbers}, .wishes = {.extended_sequence_numbers = true},
        .does = "The tester's numbers go beyond 2^32.",
        .lawful = "They are taken: the receiver counts the high half up.", .run = [](Tester& t) {
          IkeSession& sa = establish_extended(t);
          EspChild& child = near_the_end(t, sa);
          expect_taken(t, child, run + 5);
          expect_taken(t, child, run + 6);
        });

MPSEC_CASE(
        .id = "rfc4303/A2.2/case-b-in-the-run-before-is-taken-once",
        .rules = {"rfc4303/A2.2/high-half-by-position-of-the-window",
                  "rfc4303/A2.1/numbers-passed-over-are-still-good"},
        .features = {Feature::extended_sequence_numbers}, .wishes = {.extended_sequence_numbers = true},
        .does =
            "With the window across the end of a run, the tester sends an unused number of the run before.",
        .lawful = "It is taken once.", .run = [](Tester& t) {
          IkeSession& sa = establish_extended(t);
          EspChild& child = beyond_the_end(t, sa);
          expect_taken(t, child, run - 3);
          expect_refused(t, child, run - 3, "a number before the end of the run the second time");
        });

MPSEC_CASE(
        .id = "rfc4303/A2.2/case-b-used-in-the-run-before-is-refused",
        .rules = {"rfc4303/3.4.3/no-number-is-accepted-twice"},
        .features = {Feature::extended_sequence_numbers}, .wishes = {.extended_sequence_numbers = true},
        .does =
            "With the window across the end of a run, the tester sends a number again that it used before "
            "the "
            "end.",
        .lawful = "It is still remembered, and refused.", .run = [](Tester& t) {
          IkeSession& sa = establish_extended(t);
          EspChild& child = beyond_the_end(t, sa);
          expect_refused(t, child, run - 10, "a number that was used before the end of the run");
          t.expect_alive(sa);
        });

MPSEC_CASE(
        .id = "rfc4303/A2.2/case-b-between-zero-and-the-top-is-taken-once",
        .rules = {"rfc4303/A2.2/high-half-by-position-of-the-window",
                  "rfc4303/3.4.3/no-number-is-accepted-twice"},
        .features = {Feature::extended_sequence_numbers}, .wishes = {.extended_sequence_numbers = true},
        .does =
            "With the window across the end of a run, the tester sends an unused number after the end, below "
            "the top.",
        .lawful = "It is taken once.", .run = [](Tester& t) {
          IkeSession& sa = establish_extended(t);
          EspChild& child = beyond_the_end(t, sa);
          expect_taken(t, child, run + 2);
          expect_refused(t, child, run + 2, "a number after the end of the run the second time");
        });

MPSEC_CASE(
        .id = "rfc4303/A2.2/case-b-above-the-window-is-taken",
        .rules = {"rfc4303/A2.2/high-half-by-position-of-the-window"},
        .features = {Feature::extended_sequence_numbers}, .wishes = {.extended_sequence_numbers = true},
        .does = "With the window across the end of a run, the tester sends a number well above it.",
        .lawful = "It is taken, and moves the window.", .run = [](Tester& t) {
          IkeSession& sa = establish_extended(t);
          EspChild& child = beyond_the_end(t, sa);
          expect_taken(t, child, run + 90'000);
          expect_refused(t, child, run + 90'000, "the window's new top the second time");
        });

MPSEC_CASE(
        .id = "rfc4303/A2.2/case-b-below-the-window-is-refused",
        .rules = {"rfc4303/A2.2/high-half-by-position-of-the-window",
                  "rfc4303/3.4.3/window-updated-only-after-icv"},
        .features = {Feature::extended_sequence_numbers}, .wishes = {.extended_sequence_numbers = true},
        .does =
            "With the window across the end of a run, the tester sends a number far below it, and goes on.",
        .lawful =
            "The old packet counts as one far ahead, where its ICV does not fit: it is discarded and moves "
            "nothing.",
        .run = [](Tester& t) {
          IkeSession& sa = establish_extended(t);
          EspChild& child = beyond_the_end(t, sa);
          expect_refused(t, child, 0x9000'0000, "a number below the window");
          expect_taken(t, child, child.next_number);
        });

MPSEC_CASE(
        .id = "rfc4303/A2.2/wrong-icv-does-not-raise-the-high-half",
        .rules = {"rfc4303/3.4.3/window-updated-only-after-icv"},
        .features = {Feature::extended_sequence_numbers}, .wishes = {.extended_sequence_numbers = true},
        .does =
            "Near the end of a run, a packet with a wrong ICV and a small low half arrives; then the tester "
            "goes "
            "on before the end.",
        .lawful = "The forged packet does not bring the window into the next run: what follows is taken.",
        .run = [](Tester& t) {
          IkeSession& sa = establish_extended(t);
          EspChild& child = near_the_end(t, sa);
          const auto forged = t.fresh_mark();
          t.send(damaged(child.seal(ping_text(t, forged), run + 100'000), -1));
          t.expect_no_pong(forged, "a packet with a wrong ICV");
          expect_taken(t, child, run - 5);
        });

MPSEC_CASE(
        .id = "rfc4303/2.8/icv-covers-the-high-half",
        .rules = {"rfc4303/2.8/icv-covers-the-high-half-that-is-not-sent"},
        .features = {Feature::extended_sequence_numbers}, .wishes = {.extended_sequence_numbers = true},
        .does = "A packet looks like the next one on the wire, but its ICV was made with another high half.",
        .lawful = "It is discarded: the high half is part of what the ICV covers.", .run = [](Tester& t) {
          IkeSession& sa = establish_extended(t);
          EspChild& child = child_of(sa);
          expect_refused(t, child, run + child.next_number, "a packet with another high half in its ICV");
          expect_taken(t, child, child.next_number);
        });

MPSEC_CASE(
        .id = "rfc4303/2.8/sent-icv-covers-the-high-half",
        .rules = {"rfc4303/2.8/icv-covers-the-high-half-that-is-not-sent",
                  "rfc4303/2.2.1/esn-should-be-implemented"},
        .features = {Feature::extended_sequence_numbers}, .hooks = {Hook::set_outbound_sequence},
        .wishes = {.extended_sequence_numbers = true},
        .does = "The target is told to go on just below 2^32, and answers pings across the end.",
        .lawful = "Its numbers go on beyond 2^32, and its ICVs cover the high half.", .run = [](Tester& t) {
          IkeSession& sa = establish_extended(t);
          EspChild& child = child_of(sa);
          t.call(Hook::set_outbound_sequence, run - 2);
          t.ping_control(child);
          std::uint64_t last = child.highest_received;
          for (int i = 0; i < 4; ++i) {
            const auto pong = t.ping(child);
            t.check(pong.opened.number > last, "a number above the last, its high half in the ICV",
                    "a number below it");
            last = pong.opened.number;
          }
          t.check(last > run, "numbers beyond 2^32", "none");
        });

MPSEC_CASE(
        .id = "rfc4303/A3/receiver-finds-back-after-a-loss-of-a-whole-run",
        .rules = {"rfc4303/A3/resynchronisation-should-be-implemented",
                  "rfc4303/A3.2/larger-high-halves-are-tried-a-limited-number-of-times",
                  "rfc4303/A3.2/success-sets-the-top", "rfc4303/3.4.3/larger-gaps-may-be-searched"},
        .features = {Feature::extended_sequence_numbers}, .wishes = {.extended_sequence_numbers = true},
        .does =
            "The tester's numbers jump by 2^32, as if so many packets were lost, and it sends three hundred "
            "more.",
        .lawful = "After a row of wrong ICVs the receiver tries a larger high half, and finds back.",
        .run = [](Tester& t) {
          IkeSession& sa = establish_extended(t);
          EspChild& child = child_of(sa);
          reach(t, child, 1000);
          for (std::uint64_t i = 0; i < 300; ++i)
            t.send_ping(child, run + 2000 + i);
          t.wait(t.link().silence());
          expect_taken(t, child, run + 3000);
        });

}  // namespace mpsec::conformance
