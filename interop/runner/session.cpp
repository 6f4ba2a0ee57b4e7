#include "interop/runner/session.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <map>

#include "interop/runner/exit_code.hpp"
#include "interop/runner/side_by_side.hpp"

namespace mpsec::conformance {
namespace {

Keep kept(const Plan& plan) {
  return plan.folder.empty() ? Keep::nothing : Keep::keys;
}

// Repeated until the verdicts differ.
Outcome run_often(const Case& one, Target& target, const Tester::Providers& providers, const Plan& plan) {
  Outcome outcome = run_confirmed(one, target, providers, plan.seed, plan.virtual_time ? 1 : plan.confirm,
                                  plan.loss, kept(plan));
  for (unsigned i = 1; i < plan.repeat && outcome.verdict == Verdict::pass; ++i) {
    Outcome again = run_case(one, target, providers, plan.seed + i);
    again.tries = outcome.tries + 1;
    again.failures = outcome.failures + (again.verdict == Verdict::pass ? 0 : 1);
    if (again.verdict == Verdict::fail) again.verdict = Verdict::flaky;
    outcome = std::move(again);
  }
  return outcome;
}

// Of a run that goes on; null: it has to be run.
const CaseReport* before(const Plan& plan, const Case& one) {
  const auto at = std::ranges::find(plan.done, one.id, &CaseReport::id);
  return at == plan.done.end() ? nullptr : &*at;
}

// What passed side by side. All else is tried by itself, where nothing of another case can be in its way.
std::map<const Case*, Outcome> passed_together(const Plan& plan, Target& target,
                                               const Tester::Providers& providers, const Watching& watching) {
  std::map<const Case*, Outcome> passed;
  if (plan.virtual_time || plan.repeat > 1) return passed;
  std::vector<const Case*> cases = side_by_side(plan.cases);
  std::erase_if(cases, [&](const Case* one) { return before(plan, *one) != nullptr; });
  if (cases.size() < 2) return passed;
  watching.progress({0,
                     plan.cases.size(),
                     {},
                     watching.elapsed(),
                     "those that wait for the target's timers, side by side"});
  for (Outcome& outcome : run_side_by_side(cases, target, providers, plan.seed, kept(plan)))
    if (outcome.verdict == Verdict::pass) passed.emplace(outcome.one, std::move(outcome));
  return passed;
}

void keep_evidence(const Plan& plan, const Outcome& outcome, CaseReport& report, Run& run) {
  if (plan.folder.empty() || outcome.steps.empty()) return;
  if (outcome.verdict == Verdict::pass && !plan.all_evidence) return;
  const std::string name = fmt::format("evidence/{}", evidence_name(report.id));
  if (const auto written =
          write_evidence(fmt::format("{}/{}", plan.folder, name), outcome, run.began.value_or(0));
      written)
    report.evidence = name;
  else if (run.ended_early.empty())
    run.ended_early = fmt::format("evidence cannot be kept: {}", to_string(written.error()));
}

bool is_lost(const Plan& plan, const Outcome& outcome, Target& target, const Tester::Providers& providers,
             Run& run) {
  if (plan.virtual_time || outcome.verdict != Verdict::inconclusive) return false;
  for (int tries = 0; tries < 3; ++tries)
    if (probe(target, providers, plan.seed + static_cast<std::uint64_t>(tries))) return false;
  run.ended_early =
      fmt::format("the target is lost: it answers no IKE_SA_INIT request after case {}", outcome.one->id);
  return true;
}

}  // namespace

Result<Duration> probe(Target& target, const Tester::Providers& providers, std::uint64_t seed) {
  static_cast<void>(target.prepare({}));
  const auto steps = [](Tester& t) {
    IkeSession& sa = t.begin();
    const Message request = sa.init_request();
    sa.send(request);
    t.expect_response(sa, request);
  };
  const Outcome outcome = run_steps(steps, target, providers, seed);
  if (outcome.verdict == Verdict::pass) return outcome.took;
  return std::unexpected(Error{Blame::peer_misbehaved, "target", std::nullopt,
                               fmt::format("expected {}, found {}", outcome.expected, outcome.actual), ""});
}

void run_all(const Plan& plan, Target& target, const Tester::Providers& providers, const Register& rules,
             Run& run, const Watching& watching) {
  run.planned = plan.cases.size();
  auto together = passed_together(plan, target, providers, watching);
  for (const Case* one : plan.cases) {
    if (const CaseReport* done = before(plan, *one)) {
      run.cases.push_back(*done);
      continue;
    }
    if (watching.interrupted()) {
      run.ended_early = "interrupted";
      break;
    }
    watching.progress({run.cases.size(), run.planned, totals_of(run.cases), watching.elapsed(), one->id});
    const auto passed = together.find(one);
    const Outcome outcome =
        passed == together.end() ? run_often(*one, target, providers, plan) : std::move(passed->second);
    if (watching.interrupted() && outcome.verdict != Verdict::pass) {
      run.ended_early = "interrupted";
      break;
    }
    CaseReport report = report_of(outcome, rules);
    apply(plan.waivers, report);
    keep_evidence(plan, outcome, report, run);
    watching.ended(report);
    run.cases.push_back(std::move(report));
    watching.save(run);
    if (is_lost(plan, outcome, target, providers, run)) break;
    if (plan.fail_fast && is_bad(run.cases.back().verdict)) {
      run.ended_early = "--fail-fast";
      break;
    }
  }
  run.took = watching.elapsed();
}

int exit_code_of(const Run& run) {
  if (run.planned == 0) return nothing_matched;
  const Totals totals = totals_of(run.cases);
  if (run.ended_early.starts_with("the target is lost")) return target_lost;
  if (totals[Verdict::harness_error] != 0 || run.ended_early.starts_with("evidence")) return harness_fault;
  if (totals[Verdict::fail] + totals[Verdict::flaky] + totals[Verdict::unexpected_pass] != 0)
    return case_failed;
  // Cut short, or with nothing to build on: nobody can say that all is as expected.
  if (run.ended_early == "interrupted" || totals[Verdict::inconclusive] != 0) return case_failed;
  return as_expected;
}

}  // namespace mpsec::conformance
