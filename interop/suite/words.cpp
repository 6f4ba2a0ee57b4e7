#include <algorithm>
#include <array>

#include "interop/suite/case.hpp"
#include "interop/suite/verdict.hpp"

namespace mpsec::conformance {

std::string_view to_string(Verdict verdict) {
  switch (verdict) {
    case Verdict::pass:
      return "pass";
    case Verdict::fail:
      return "fail";
    case Verdict::unsupported:
      return "unsupported";
    case Verdict::waived:
      return "waived";
    case Verdict::unexpected_pass:
      return "unexpected pass";
    case Verdict::inconclusive:
      return "inconclusive";
    case Verdict::flaky:
      return "flaky";
    case Verdict::harness_error:
      return "harness error";
  }
  return "?";
}

std::string_view to_string(Side side) {
  switch (side) {
    case Side::initiator:
      return "initiator";
    case Side::responder:
      return "responder";
    case Side::any:
      return "any";
  }
  return "?";
}

std::string_view to_string(Feature feature) {
  constexpr std::array<std::string_view, static_cast<std::size_t>(Feature::count_)> names{
      "extended-sequence-numbers",
      "sequence-numbers-32",
      "sa-clusters",
      "several-paths",
      "fragmentation",
      "nat-traversal",
      "ipv6-inside",
      "transport-mode",
      "childless",
      "configuration",
      "key-exchange-in-child",
      "certificates",
      "tfc-padding",
      "cookies"};
  return feature < Feature::count_ ? names[static_cast<std::size_t>(feature)] : "?";
}

std::string_view to_string(Hook hook) {
  constexpr std::array<std::string_view, static_cast<std::size_t>(Hook::count_)> names{
      "initiate",
      "rekey-child",
      "rekey-ike",
      "delete-child",
      "delete-ike",
      "create-child",
      "send-traffic",
      "set-cookie-threshold",
      "set-lifetime",
      "set-outbound-sequence",
      "read-replay-counters",
      "read-audit"};
  return hook < Hook::count_ ? names[static_cast<std::size_t>(hook)] : "?";
}

std::string_view to_string(AuditEntry::Event event) {
  constexpr std::array<std::string_view, 6> names{"no SA",    "a replayed packet", "a wrong ICV",
                                                  "fragment", "numbers used up",   "something else"};
  return names[static_cast<std::size_t>(event)];
}

Result<std::vector<AuditEntry>> Target::audit() {
  return std::unexpected(
      Error{Blame::local_fault, "hook read-audit", std::nullopt, "the target has no such hook", ""});
}

namespace detail {

std::vector<Case>& entries() {
  static std::vector<Case> all;
  return all;
}

Entry::Entry(Case one) {
  entries().push_back(std::move(one));
}

}  // namespace detail

const std::vector<Case>& catalogue() {
  static const std::vector<Case> sorted = [] {
    std::vector<Case> all = detail::entries();
    std::ranges::sort(all, {}, &Case::id);
    return all;
  }();
  return sorted;
}

}  // namespace mpsec::conformance
