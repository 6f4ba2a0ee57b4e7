#include "vectors/run/outcome.hpp"

#include <algorithm>
#include <fmt/format.h>

namespace mpsec::vectors {

Outcome judge_refusal(const Expectation& expectation, const Refusal& refusal) {
  if (expectation.verdict == Expectation::Verdict::refuse && expectation.reason == refusal.reason)
    return Outcome::passed();
  return Outcome::not_run(NotRunnable::Cause::outside_ipsec, "parameter outside IPsec: " + refusal.what);
}

Outcome judge_tried(const Expectation& expectation, const Refusal& refusal) {
  switch (expectation.verdict) {
    case Expectation::Verdict::either:
      return Outcome::passed();
    case Expectation::Verdict::pass:
      break;
    case Expectation::Verdict::refuse:
      if (expectation.reason == refusal.reason) return Outcome::passed();
      break;
  }
  return Outcome::failed(fmt::format("expected {}, got refusal for {}: {}", to_string(expectation),
                                     to_string(refusal.reason), refusal.what));
}

Outcome compare(std::string_view what, OctetView expected, OctetView got) {
  if (std::ranges::equal(expected, got)) return Outcome::passed();
  return Outcome::failed(fmt::format("{}: expected {}, got {}", what, to_hex(expected), to_hex(got)));
}

}  // namespace mpsec::vectors
