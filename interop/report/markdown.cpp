#include <fmt/format.h>

#include "interop/report/formats.hpp"
#include "interop/report/words.hpp"

namespace mpsec::conformance {
namespace {

std::string totals_table(const Run& run) {
  const Totals totals = totals_of(run.cases);
  std::string text = "| verdict | cases |\n|---|---:|\n";
  for (std::size_t i = 0; i < verdicts; ++i)
    if (totals.counts[i] != 0)
      text += fmt::format("| {} | {} |\n", to_string(static_cast<Verdict>(i)), totals.counts[i]);
  return text + fmt::format("| **all** | **{}** |\n", totals.cases);
}

std::string head(const Run& run) {
  std::string text = fmt::format("# IPsec conformance: {}\n\n", escape_markdown(run.target.name));
  if (run.began) text += fmt::format("Begun {}", calendar_text(*run.began));
  text += fmt::format("{} in {}, seed {}", run.began ? ", done" : "Done", duration_text(run.took), run.seed);
  for (const auto& [name, version] : run.versions)
    text += fmt::format(", {} {}", escape_markdown(name), escape_markdown(version));
  text += ".\n\n";
  if (!run.ended_early.empty())
    text += fmt::format("> **The run ended early**: {}. {} of {} cases ran.\n\n",
                        escape_markdown(run.ended_early), run.cases.size(), run.planned);
  return text;
}

std::string verdict_words(const CaseReport& one) {
  if (one.verdict == Verdict::flaky) return fmt::format("flaky ({} of {} failed)", one.failures, one.tries);
  if (one.verdict == Verdict::fail && one.miss == Miss::notify) return "fail: right outcome, wrong notify";
  return std::string(to_string(one.verdict));
}

// An ID is of letters, digits, dots, hyphens and slashes unless the report is somebody else's.
std::string code(std::string_view text) {
  return fmt::format("<code>{}</code>", escape_markdown(text));
}

std::string table_of(const std::vector<const CaseReport*>& cases) {
  std::string text =
      "| case | verdict | rule | clause | expected | actual | hint |\n|---|---|---|---|---|---|---|\n";
  for (const CaseReport* one : cases)
    text += fmt::format("| {} | {} | {} | {} {} | {} | {} | {} |\n", code(one->id), verdict_words(*one),
                        one->rules.empty() ? "" : code(one->rules.front()), escape_markdown(one->clause),
                        escape_markdown(one->level),
                        escape_markdown(one->verdict == Verdict::unexpected_pass ? "to fail" : one->expected),
                        escape_markdown(one->verdict == Verdict::unexpected_pass ? "it passed" : one->actual),
                        escape_markdown(one->hint));
  return text;
}

std::string section(const Run& run, std::string_view heading, bool (*wanted)(Verdict)) {
  std::vector<const CaseReport*> cases;
  for (const CaseReport& one : run.cases)
    if (wanted(one.verdict)) cases.push_back(&one);
  if (cases.empty()) return {};
  return fmt::format("\n## {}\n\n{}", heading, table_of(cases));
}

}  // namespace

std::string to_markdown(const Run& run) {
  std::string text = head(run) + totals_table(run);
  const std::string bad = section(run, "To be looked at", is_bad);
  text += bad.empty() ? "\nNothing failed.\n" : bad;
  if (run.way) text += fmt::format("\nThe way there: {}.\n", way_text(*run.way));
  if (const std::string later = passed_later_list(run); !later.empty())
    text += fmt::format("\nPassed at a later try: {}.\n", escape_markdown(later));
  return text + section(run, "Not tried: what it builds on did not work",
                        [](Verdict verdict) { return verdict == Verdict::inconclusive; });
}

}  // namespace mpsec::conformance
