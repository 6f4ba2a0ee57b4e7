#include "interop/report/run.hpp"

#include <algorithm>
#include <fmt/format.h>

namespace mpsec::conformance {
namespace {

template <class Kind>
std::vector<std::string> names_in(SetOf<Kind> set) {
  std::vector<std::string> names;
  for (unsigned i = 0; i < static_cast<unsigned>(Kind::count_); ++i)
    if (set.has(static_cast<Kind>(i))) names.emplace_back(to_string(static_cast<Kind>(i)));
  return names;
}

std::vector<StepReport> steps_of(const std::vector<Step>& steps) {
  std::vector<StepReport> reports;
  for (const Step& step : steps)
    reports.push_back({.kind = step.kind,
                       .at = step.at - steps.front().at,
                       .text = step.text,
                       .tree = step.tree,
                       .esp = step.esp});
  return reports;
}

// A case may run more than once: its worst verdict stands for it.
std::map<std::string_view, Verdict> verdicts_by_case(const Run& run) {
  std::map<std::string_view, Verdict> found;
  for (const CaseReport& one : run.cases) {
    const auto [at, fresh] = found.emplace(one.id, one.verdict);
    if (!fresh) at->second = worse(at->second, one.verdict);
  }
  return found;
}

}  // namespace

CaseReport report_of(const Outcome& outcome, const Register& rules) {
  const Case& one = *outcome.one;
  CaseReport report{.id = std::string(one.id),
                    .rules = {one.rules.begin(), one.rules.end()},
                    .side = std::string(to_string(one.side)),
                    .does = std::string(one.does),
                    .lawful = std::string(one.lawful),
                    .hint = std::string(one.hint),
                    .verdict = outcome.verdict,
                    .miss = outcome.miss,
                    .expected = outcome.expected,
                    .actual = outcome.actual,
                    .tries = outcome.tries,
                    .failures = outcome.failures,
                    .took = outcome.took,
                    .steps = steps_of(outcome.steps)};
  if (const Rule* rule = one.rules.empty() ? nullptr : rules.find(one.rules.front())) {
    report.clause = rule->clause();
    report.level = rule->level;
  }
  return report;
}

TargetReport report_of(const Description& target, const std::vector<ike::Path>& paths) {
  TargetReport report{.name = target.name,
                      .tester_identity = to_string(target.tester_id),
                      .target_identity = to_string(target.target_id),
                      .features = names_in(target.features),
                      .hooks = names_in(target.hooks),
                      .window = target.window,
                      .encapsulate = target.encapsulate};
  for (const ike::Path& path : paths)
    report.paths.push_back(
        fmt::format("{} <-> {}", to_string(path.local.address), to_string(path.remote.address)));
  return report;
}

Totals totals_of(const std::vector<CaseReport>& cases) {
  Totals totals;
  for (const CaseReport& one : cases)
    ++totals.counts[static_cast<std::size_t>(one.verdict)];
  totals.cases = cases.size();
  return totals;
}

std::vector<const CaseReport*> passed_later(const std::vector<CaseReport>& cases) {
  std::vector<const CaseReport*> found;
  for (const CaseReport& one : cases)
    if (one.verdict == Verdict::pass && one.failures != 0) found.push_back(&one);
  return found;
}

bool is_bad(Verdict verdict) {
  return verdict == Verdict::fail || verdict == Verdict::unexpected_pass || verdict == Verdict::flaky ||
         verdict == Verdict::harness_error;
}

Verdict worse(Verdict left, Verdict right) {
  for (const Verdict one : {Verdict::fail, Verdict::harness_error, Verdict::unexpected_pass, Verdict::flaky,
                            Verdict::inconclusive, Verdict::waived, Verdict::pass})
    if (one == left || one == right) return one;
  return Verdict::unsupported;
}

std::optional<Verdict> to_verdict(std::string_view text) {
  for (std::size_t i = 0; i < verdicts; ++i)
    if (to_string(static_cast<Verdict>(i)) == text) return static_cast<Verdict>(i);
  return std::nullopt;
}

std::vector<Change> changes(const Run& before, const Run& after) {
  const auto old = verdicts_by_case(before), now = verdicts_by_case(after);
  std::vector<Change> found;
  const auto of = [](const auto& run, std::string_view id) {
    const auto at = run.find(id);
    return at == run.end() ? std::nullopt : std::optional(at->second);
  };
  for (const auto& [id, verdict] : now)
    if (const auto was = of(old, id); was != verdict) found.push_back({std::string(id), was, verdict});
  for (const auto& [id, verdict] : old)
    if (!of(now, id)) found.push_back({std::string(id), verdict, std::nullopt});
  std::ranges::sort(found, {}, &Change::id);
  return found;
}

}  // namespace mpsec::conformance
