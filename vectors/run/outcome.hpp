// What became of one case with one provider.
#pragma once

#include <cstdint>
#include <string>
#include <variant>

#include "base/octets.hpp"
#include "vectors/core/case.hpp"

namespace mpsec::vectors {

struct Outcome {
  enum class Verdict : std::uint8_t { passed, failed, not_run };
  Verdict verdict = Verdict::passed;
  NotRunnable::Cause cause{};  // of `not_run`
  std::string text;            // failed: what differs; not run: why

  static Outcome passed() { return {}; }
  static Outcome failed(std::string text) { return {Verdict::failed, {}, std::move(text)}; }
  static Outcome not_run(NotRunnable::Cause cause, std::string why) {
    return {Verdict::not_run, cause, std::move(why)};
  }
};

// A thing that was not done, and why.
struct Refusal {
  Reason reason{};
  std::string what;  // "nonce of 16 octets; AES-GCM in IPsec: 12"
};

// What a refusal before anything was computed makes of a case: passed if that is what the vector asks for,
// else not run, because nothing was learnt about the rest of the vector.
Outcome judge_refusal(const Expectation& expectation, const Refusal& refusal);

// What a refusal makes of a case that was tried to its end.
Outcome judge_tried(const Expectation& expectation, const Refusal& refusal);

// Passed, or failed with "WHAT: expected 00..., got 01...".
Outcome compare(std::string_view what, OctetView expected, OctetView got);

}  // namespace mpsec::vectors
