// RFC 4303 3.4.3: windows of every size.
#include "interop/suite/esp_steps.hpp"

namespace mpsec::conformance {
namespace {

// Just below the top, in the middle and at the lower edge.
void tries_window_of(Tester& t, std::uint64_t window) {
  IkeSession& sa = t.establish();
  EspChild& child = child_of(sa);
  const std::uint64_t top = 3 * window + 77;
  reach(t, child, top);
  for (const std::uint64_t below : {std::uint64_t{1}, window / 2 + 1, window - 1}) {
    expect_taken(t, child, top - below);
    expect_refused(t, child, top - below, "a number of the window the second time");
  }
}

}  // namespace

MPSEC_CASE(
        .id = "rfc4303/3.4.3/window-of-32", .rules = {"rfc4303/3.4.3/window-of-at-least-32"},
        .features = {Feature::sequence_numbers_32}, .wishes = {.window = 32},
        .does =
            "The target has a window of 32, and the tester sends late packets that are up to 31 numbers old.",
        .lawful = "Each is taken once.", .run = [](Tester& t) { tries_window_of(t, 32); });

MPSEC_CASE(
        .id = "rfc4303/3.4.3/window-of-64-without-a-wish", .rules = {"rfc4303/3.4.3/window-of-64-by-default"},
        .features = {Feature::sequence_numbers_32},
        .does =
            "The target is as it is described, and the tester sends late packets that are up to 63 numbers "
            "old.",
        .lawful = "Each is taken once.", .run = [](Tester& t) { tries_window_of(t, 64); });

MPSEC_CASE(
        .id = "rfc4303/3.4.3/window-of-128", .rules = {"rfc4303/3.4.3/other-windows-may-be-chosen"},
        .features = {Feature::sequence_numbers_32}, .wishes = {.window = 128},
        .does =
            "The target has a window of 128, and the tester sends late packets that are up to 127 numbers "
            "old.",
        .lawful = "Each is taken once.", .run = [](Tester& t) { tries_window_of(t, 128); });

MPSEC_CASE(
        .id = "rfc4303/3.4.3/window-of-256", .rules = {"rfc4303/3.4.3/other-windows-may-be-chosen"},
        .features = {Feature::sequence_numbers_32}, .wishes = {.window = 256},
        .does =
            "The target has a window of 256, and the tester sends late packets that are up to 255 numbers "
            "old.",
        .lawful = "Each is taken once.", .run = [](Tester& t) { tries_window_of(t, 256); });

MPSEC_CASE(
        .id = "rfc4303/3.4.3/window-of-1024", .rules = {"rfc4303/3.4.3/other-windows-may-be-chosen"},
        .features = {Feature::sequence_numbers_32}, .wishes = {.window = 1024},
        .does = "The target has a window of 1024, and the tester sends late packets up to 1023 numbers old.",
        .lawful = "Each is taken once.", .run = [](Tester& t) { tries_window_of(t, 1024); });

MPSEC_CASE(
        .id = "rfc4303/3.4.3/window-of-4096", .rules = {"rfc4303/3.4.3/other-windows-may-be-chosen"},
        .features = {Feature::sequence_numbers_32}, .wishes = {.window = 4096},
        .does = "The target has a window of 4096, and the tester sends late packets up to 4095 numbers old.",
        .lawful = "Each is taken once.", .run = [](Tester& t) { tries_window_of(t, 4096); });

MPSEC_CASE(
        .id = "rfc4303/3.4.3/window-of-65536", .rules = {"rfc4303/3.4.3/other-windows-may-be-chosen"},
        .features = {Feature::sequence_numbers_32}, .wishes = {.window = 65536},
        .does =
            "The target has a window of 65536, and the tester sends late packets up to 65535 numbers old.",
        .lawful = "Each is taken once.", .run = [](Tester& t) { tries_window_of(t, 65536); });

}  // namespace mpsec::conformance
