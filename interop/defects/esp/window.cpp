// Against RFC 4303 3.4.3 and A2.1: the window.
#include <set>

#include "interop/defects/esp_bends.hpp"
#include "interop/suite/esp_child.hpp"

namespace mpsec::conformance {

using ipsec::AntiReplay;
using ipsec::ReplayVerdict;

namespace {

// Of a window that is said to be of one size, the uppermost numbers alone.
Bent short_window(std::uint32_t said, std::uint32_t real) {
  return window_where(
      [=](const auto& sa) { return sa.replay_window == said && !sa.extended_sequence_numbers; },
      {.accept = [=](std::uint64_t number, ReplayVerdict standard, std::uint64_t top) {
        return number + real <= top ? ReplayVerdict::too_old : standard;
      }});
}

// Like the standard window, but of another size than the SA is said to have.
Bent window_sized(std::int32_t more) {
  Bent bent;
  bent.seams.window = [=](auto, const ipsec::InboundParameters& sa) {
    const auto size = static_cast<std::uint32_t>(static_cast<std::int32_t>(sa.replay_window) + more);
    return window_of(size).seams.window({}, sa);
  };
  return bent;
}

}  // namespace

MPSEC_DEFECT(
        .id = "takes-the-newest-number-again", .rule = "rfc4303/3.4.3/no-number-is-accepted-twice",
        .does = "Compares a number with the highest by 'less than', so that the highest is taken again.",
        .make = [] {
          return window({.accept = [](auto number, auto standard, auto top) {
            const bool newest = standard == ReplayVerdict::duplicate && number == top && top > 1;
            return newest ? ReplayVerdict::fresh : standard;
          }});
        });

MPSEC_DEFECT(
        .id = "takes-an-older-number-again", .rule = "rfc4303/3.4.3/no-number-is-accepted-twice",
        .does = "Remembers only the newest number.", .make = [] {
          return window_where([](const auto& sa) { return !sa.extended_sequence_numbers; },
                              {.accept = [](auto number, auto standard, auto top) {
                                const bool older = standard == ReplayVerdict::duplicate && number < top;
                                return older && top < 15 ? ReplayVerdict::fresh : standard;
                              }});
        });

MPSEC_DEFECT(
        .id = "takes-used-numbers-below-the-window", .rule = "rfc4303/3.4.3/below-the-window-is-discarded",
        .does = "Takes a number again once it has fallen below the window.", .make = [] {
          const auto used = std::make_shared<std::set<std::uint64_t>>();
          return window({.accept = [=](auto number, auto standard, auto) {
            if (standard == ReplayVerdict::fresh) used->insert(number);
            const bool again = standard == ReplayVerdict::too_old && used->contains(number) && number > 5;
            return again ? ReplayVerdict::fresh : standard;
          }});
        });

MPSEC_DEFECT(
        .id = "takes-unused-numbers-below-the-window", .rule = "rfc4303/3.4.3/below-the-window-is-discarded",
        .does = "Takes a number below the window that it has not seen.", .make = [] {
          const auto used = std::make_shared<std::set<std::uint64_t>>();
          return window({.accept = [=](auto number, auto standard, auto top) {
            if (standard == ReplayVerdict::fresh) used->insert(number);
            const bool unused =
                standard == ReplayVerdict::too_old && !used->contains(number) && top < 1u << 31;
            return unused ? ReplayVerdict::fresh : standard;
          }});
        });

MPSEC_DEFECT(
        .id = "wants-numbers-in-order", .rule = "rfc4303/A2.1/numbers-passed-over-are-still-good",
        .does = "Takes a late packet for a replayed one.", .make = [] {
          return window_where([](const auto& sa) { return sa.replay_window == 64; },
                              {.accept = [](auto number, auto standard, auto top) {
                                const bool late =
                                    standard == ReplayVerdict::fresh && number < top && number == 12;
                                return late ? ReplayVerdict::too_old : standard;
                              }});
        });

MPSEC_DEFECT(
        .id = "keeps-old-marks-after-a-jump", .rule = "rfc4303/A2.1/numbers-passed-over-are-still-good",
        .does = "Does not clear the marks of its ring when a jump is larger than that.", .make = [] {
          const auto used = std::make_shared<std::set<std::uint64_t>>();
          return window_where(
              [](const auto& sa) { return sa.replay_window == 64; },
              {.accept = [=](std::uint64_t number, ReplayVerdict standard, std::uint64_t top) {
                const bool stale = number < top && number > 128 && used->contains(number - 128);
                if (standard == ReplayVerdict::fresh) used->insert(number);
                return stale ? ReplayVerdict::duplicate : standard;
              }});
        });

MPSEC_DEFECT(
        .id = "stays-where-a-jump-began", .rule = "rfc4303/A2.1/window-follows-the-highest-number",
        .does = "Delivers a packet far above the window, and leaves the window where it was.", .make = [] {
          return window_where([](const auto& sa) { return !sa.extended_sequence_numbers; },
                              {.accept = [](auto number, auto standard, auto top) {
                                if (top != 1u << 22) return standard;
                                return number < 64 ? ReplayVerdict::fresh : standard;
                              }});
        });

MPSEC_DEFECT(
        .id = "window-one-too-small", .rule = "rfc4303/3.4.3/new-numbers-go-on-to-the-icv",
        .does = "Counts its window's size from the wrong end.", .make = [] { return window_sized(-1); });

MPSEC_DEFECT(
        .id = "window-one-too-large", .rule = "rfc4303/3.4.3/below-the-window-is-discarded",
        .does = "Takes the number one below its window.", .make = [] { return window_sized(1); });

MPSEC_DEFECT(
        .id = "window-begins-at-the-first-packet", .rule = "rfc4303/3.4.3/window-begins-at-zero",
        .does = "Lets the window begin at the first number that it sees.", .make = [] {
          Bent bent;
          bent.seams.window = [](auto inner, const auto& sa) {
            const auto first = std::make_shared<std::uint64_t>(0);
            return window({.accept =
                               [=](std::uint64_t number, ReplayVerdict standard, std::uint64_t) {
                                 if (*first == 0) *first = number;
                                 return number < *first ? ReplayVerdict::too_old : standard;
                               }})
                .seams.window(std::move(inner), sa);
          };
          return bent;
        });

MPSEC_DEFECT(
        .id = "moves-the-window-before-the-icv", .rule = "rfc4303/3.4.3/window-updated-only-after-icv",
        .does = "Moves its window to a packet's number before it has looked at the ICV.", .make = [] {
          const auto moved = std::make_shared<std::uint64_t>(0);
          return window({.accept = [=](std::uint64_t number, ReplayVerdict standard, std::uint64_t) {
            const bool below = number + 64 <= *moved && *moved == 1u << 21;
            *moved = std::max(*moved, number);
            return below ? ReplayVerdict::too_old : standard;
          }});
        });

MPSEC_DEFECT(
        .id = "marks-a-number-before-the-icv", .rule = "rfc4303/3.4.3/window-updated-only-after-icv",
        .does = "Marks a number in the window as used before it has looked at the ICV.", .make = [] {
          const auto marked = std::make_shared<std::set<std::uint64_t>>();
          return window({.check = [=](std::uint32_t number, AntiReplay::Hint standard, std::uint64_t top) {
            if (number == 15 && top == 20 && !marked->insert(number).second)
              standard.verdict = ReplayVerdict::duplicate;
            return standard;
          }});
        });

MPSEC_DEFECT(
        .id = "compares-numbers-as-signed", .rule = "rfc4303/3.4.3/new-numbers-go-on-to-the-icv",
        .does = "Takes numbers from 2^31 on for negative ones.", .make = [] {
          return window_where([](const auto& sa) { return !sa.extended_sequence_numbers; },
                              {.accept = [](auto number, auto standard, auto top) {
                                const bool negative = number >= 1u << 31 && top == 0x7fff'ffff;
                                return negative && number < 0xffff'ffff ? ReplayVerdict::too_old : standard;
                              }});
        });

MPSEC_DEFECT(
        .id = "begins-numbers-anew-without-esn", .rule = "rfc4303/3.4.3/no-number-is-accepted-twice",
        .does = "Takes small numbers for new ones after the last 32-bit number.", .make = [] {
          return window_where([](const auto& sa) { return !sa.extended_sequence_numbers; },
                              {.accept = [](auto number, auto standard, auto top) {
                                return top == 0xffff'ffff && number < 64 ? ReplayVerdict::fresh : standard;
                              }});
        });

MPSEC_DEFECT(
        .id = "looks-at-the-icv-of-duplicates", .rule = "rfc4303/3.4.3/duplicates-rejected-before-the-icv",
        .does = "Asks its window only after the ICV.", .make = [] {
          return window({.check = [](std::uint32_t, AntiReplay::Hint standard, std::uint64_t) {
            if (standard.verdict == ReplayVerdict::duplicate) standard.verdict = ReplayVerdict::fresh;
            return standard;
          }});
        });

MPSEC_DEFECT(
        .id = "charges-replayed-packets", .rule = "rfc4301/4.4.2.1/soft-and-hard-lifetime",
        .does = "Counts replayed packets, which it does not deliver, as use of the SA.", .make = [] {
          const auto replayed = std::make_shared<bool>(false);
          Bent bent = window({.accept = [=](auto, auto standard, auto) {
            *replayed = standard == ReplayVerdict::duplicate;
            return *replayed ? ReplayVerdict::fresh : standard;
          }});
          Bent dropping = opening([=](auto&, MutableOctets text) {
            if (*replayed) text.back() = 59;
          });
          bent.seams.packets = dropping.seams.packets;
          bent.state = dropping.state;
          return bent;
        });

MPSEC_DEFECT(
        .id = "window-of-16-for-32", .rule = "rfc4303/3.4.3/window-of-at-least-32",
        .does = "Has a window of 16 where 32 are asked for.", .make = [] { return short_window(32, 16); });
MPSEC_DEFECT(
        .id = "window-of-32-for-64", .rule = "rfc4303/3.4.3/window-of-64-by-default",
        .does = "Has a window of 32 where it is not told otherwise.",
        .make = [] { return short_window(64, 32); });
MPSEC_DEFECT(
        .id = "window-of-64-for-128", .rule = "rfc4303/3.4.3/other-windows-may-be-chosen",
        .does = "Has one word of marks where two are asked for.",
        .make = [] { return short_window(128, 64); });
MPSEC_DEFECT(
        .id = "window-of-255-for-256", .rule = "rfc4303/3.4.3/other-windows-may-be-chosen",
        .does = "Keeps the size of its window in an octet.", .make = [] { return short_window(256, 255); });
MPSEC_DEFECT(
        .id = "window-of-512-for-1024", .rule = "rfc4303/3.4.3/other-windows-may-be-chosen",
        .does = "Uses half of its ring.", .make = [] { return short_window(1024, 512); });
MPSEC_DEFECT(
        .id = "window-of-64-for-4096", .rule = "rfc4303/3.4.3/other-windows-may-be-chosen",
        .does = "Looks at one word of its marks alone.", .make = [] { return short_window(4096, 64); });
MPSEC_DEFECT(
        .id = "window-of-65535-for-65536", .rule = "rfc4303/3.4.3/other-windows-may-be-chosen",
        .does = "Keeps the size of its window in 16 bits.",
        .make = [] { return short_window(65536, 65535); });

}  // namespace mpsec::conformance
