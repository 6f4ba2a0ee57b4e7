// A run as reports tell of it: values of its own, so that one can be written, read back and compared without
// the catalogue that it came from.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "interop/report/register.hpp"
#include "interop/suite/run_case.hpp"

namespace mpsec::conformance {

// A step of a case; what it carried is in the evidence, if that was kept.
struct StepReport {
  Step::Kind kind = Step::Kind::note;
  Duration at{};       // since the case's first step
  std::string text{};  // "IKE_AUTH request 1: IDi, AUTH, SA, TSi, TSr"
  std::string tree{};  // the payload tree of an IKE message, lines parted by line feeds; else empty
  bool esp = false;

  bool operator==(const StepReport&) const = default;
};

struct CaseReport {
  std::string id{};
  std::vector<std::string> rules{};      // of the register; the first gives clause and level
  std::string clause{}, level{};         // "RFC 7296 2.3", "MUST"; empty where the register has no such rule
  std::string side{};                    // the target's: "initiator", "responder", "any"
  std::string does{}, lawful{}, hint{};  // whole sentences; the hint may be empty
  Verdict verdict = Verdict::harness_error;
  Miss miss = Miss::outcome;
  std::string expected{},
      actual{};          // of a failure; `actual` also says why a case is unsupported or inconclusive
  std::string waiver{};  // its reason, where there is one for this case
  unsigned tries = 1, failures = 0;
  Duration took{};
  std::vector<StepReport> steps{};
  std::string evidence{};  // the folder of capture and keys, relative to the report; empty: none

  bool operator==(const CaseReport&) const = default;
};

struct TargetReport {
  std::string name{};
  std::string tester_identity{}, target_identity{};
  std::vector<std::string> paths{};  // "192.0.2.1 <-> 192.0.2.2"
  std::vector<std::string> features{}, hooks{};
  std::uint32_t window = 0;
  bool encapsulate = false;

  bool operator==(const TargetReport&) const = default;
};

// What was measured of the way before the first case: exchanges, those that got no answer, and how long
// answers took.
struct WayReport {
  unsigned exchanges = 0, lost = 0;
  Duration shortest{}, median{}, longest{};

  bool operator==(const WayReport&) const = default;
};

struct Run {
  std::uint64_t seed = 1;
  std::map<std::string, std::string> versions{};  // {"mpsec": "0.1.0", "target": "5.9.8"}: who asks knows
  std::vector<std::string> arguments{};           // those of the command, with which it can be repeated
  TargetReport target{};
  std::size_t planned = 0;    // cases chosen; more than `cases` where the run was cut short
  std::string ended_early{};  // why it was: "interrupted", "the target is lost: ..."; empty: it was not
  std::optional<std::int64_t> began{};  // seconds since 1970 (UTC), where there is a calendar
  Duration took{};
  std::optional<WayReport> way{};   // none: in memory
  std::vector<CaseReport> cases{};  // in the order in which they ran

  bool operator==(const Run&) const = default;
};

CaseReport report_of(const Outcome& outcome, const Register& rules);
TargetReport report_of(const Description& target, const std::vector<ike::Path>& paths);

inline constexpr std::size_t verdicts = 8;
struct Totals {
  std::array<std::size_t, verdicts> counts{};  // by verdict
  std::size_t cases = 0;

  std::size_t operator[](Verdict verdict) const { return counts[static_cast<std::size_t>(verdict)]; }
};
Totals totals_of(const std::vector<CaseReport>& cases);
// Those that failed and then passed: what there is loss on the way for, or the target is to be asked about.
std::vector<const CaseReport*> passed_later(const std::vector<CaseReport>& cases);
// What has to be looked at: failed, flaky, passed against a waiver, or our own fault.
bool is_bad(Verdict verdict);
// Of two cases of one rule: the one that says more against the target.
Verdict worse(Verdict left, Verdict right);
std::optional<Verdict> to_verdict(std::string_view text);

// --- two runs
struct Change {
  std::string id{};
  std::optional<Verdict> before, after;  // nothing: the case was not in that run
};
// Cases whose verdicts differ, or that only one of the runs has, sorted by ID.
std::vector<Change> changes(const Run& before, const Run& after);

}  // namespace mpsec::conformance
