// A case of the catalogue.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "interop/suite/target.hpp"

namespace mpsec::conformance {

class Tester;

// What the target is in the exchange that a case is about.
enum class Side : std::uint8_t { initiator, responder, any };
std::string_view to_string(Side side);

struct Case {
  // "rfc7296/2.3/request-beyond-the-window-is-dropped": permanent.
  std::string_view id;
  // The register's entries that it tries; the first gives clause and level.
  std::vector<std::string_view> rules;
  Side side = Side::any;
  Features features{};
  Hooks hooks{};
  Wishes wishes{};
  // Most of it is waiting for timers of the target's, and it minds no other IKE SA: over a network it may run
  // beside others like it. No wishes then, and no hook but at its beginning.
  bool waits_for_timers = false;
  // What the tester does, and what of the target is lawful. Whole sentences.
  std::string_view does;
  std::string_view lawful;
  // Where to look first in a target that fails; may be empty.
  std::string_view hint{};
  void (*run)(Tester& t);
};

// Every case, sorted by ID. IDs are unique.
const std::vector<Case>& catalogue();

namespace detail {
// Puts a case into the catalogue; one for each, at namespace scope of a file of cases.
struct Entry {
  explicit Entry(Case one);
};
std::vector<Case>& entries();
}  // namespace detail

#define MPSEC_JOIN_(a, b) a##b
#define MPSEC_JOIN(a, b) MPSEC_JOIN_(a, b)
// MPSEC_CASE(.id = "...", .rules = {"..."}, ..., .run = [](Tester& t) { ... })
#define MPSEC_CASE(...)                                                              \
  static const ::mpsec::conformance::detail::Entry MPSEC_JOIN(entry_, __COUNTER__) { \
    ::mpsec::conformance::Case {                                                     \
      __VA_ARGS__                                                                    \
    }                                                                                \
  }

}  // namespace mpsec::conformance
