// What a case can come to.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace mpsec::conformance {

enum class Verdict : std::uint8_t {
  pass,
  fail,             // the target did what the rule forbids, or did not what it asks for
  unsupported,      // the target says, or its description does, that it lacks what the case needs
  waived,           // failed, as a waiver expects
  unexpected_pass,  // a waiver expects it to fail
  inconclusive,     // what has to work first did not: the rule was not tried
  flaky,            // failed, and passed when it was run again
  harness_error,    // our own fault
};
std::string_view to_string(Verdict verdict);

// How a case that failed missed the mark.
enum class Miss : std::uint8_t {
  outcome,  // the wrong thing was done
  notify,   // the right thing was done, and the wrong word sent
};

// Ends a case at once. Cases are straight-line code, and what ends one can be found deep inside a wait; so
// this is an exception, thrown and caught within one call of run_case().
struct Stop {
  Verdict verdict = Verdict::fail;
  std::string expected, actual;
  Miss miss = Miss::outcome;
};

}  // namespace mpsec::conformance
