// What a reader has to know first: what came of the run, what is to be looked at, and why the rest did not
// pass.
#include <algorithm>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include "interop/report/page.hpp"
#include "interop/report/words.hpp"

namespace mpsec::conformance::page {
namespace {

constexpr std::size_t most_shown = 50;

std::string link(std::string_view id, std::size_t index) {
  return fmt::format("<a class=\"id\" href=\"#{}\">{}</a>", anchor(index), escape_markup(id));
}

std::string term(std::string_view name, std::string_view value) {
  if (value.empty()) return {};
  return fmt::format("<dt>{}</dt><dd>{}</dd>", name, escape_markup(value));
}

std::string item(const CaseReport& one, std::size_t index, const Register& rules) {
  std::string text =
      fmt::format("<li class=\"v-{}\"><p>{} {} <span class=\"clause\">{}{}{}</span></p>\n<dl>",
                  class_of(one.verdict), badge(one.verdict), link(one.id, index), escape_markup(one.clause),
                  one.level.empty() ? "" : ", ", escape_markup(one.level));
  const Rule* const rule = one.rules.empty() ? nullptr : rules.find(one.rules.front());
  if (rule != nullptr) text += term("Rule", rule->words);
  text += term("Expected", one.expected) + term("Actual", one.actual) + term("Hint", one.hint);
  if (one.verdict == Verdict::unexpected_pass) text += term("Waived as", one.waiver);
  if (one.verdict == Verdict::flaky)
    text += term("Failed", fmt::format("{} of {} tries", one.failures, one.tries));
  return text + "</dl></li>\n";
}

// Why a case that is not bad did not pass.
std::string reason_of(const CaseReport& one) {
  if (one.verdict == Verdict::waived) return one.waiver;
  if (one.expected.empty()) return one.actual;
  return fmt::format("expected {}, found {}", one.expected, one.actual);
}

struct Reason {
  Verdict verdict;
  std::string why;
  std::vector<std::size_t> cases;
};

// Those of the most cases first.
std::vector<Reason> reasons_of(const std::vector<CaseReport>& cases) {
  std::map<std::pair<Verdict, std::string>, std::vector<std::size_t>> found;
  for (std::size_t i = 0; i < cases.size(); ++i)
    if (cases[i].verdict != Verdict::pass && !is_bad(cases[i].verdict))
      found[{cases[i].verdict, reason_of(cases[i])}].push_back(i);
  std::vector<Reason> reasons;
  for (auto& [key, indices] : found)
    reasons.push_back({key.first, key.second, std::move(indices)});
  std::ranges::stable_sort(reasons, std::ranges::greater{},
                           [](const Reason& one) { return one.cases.size(); });
  return reasons;
}

std::string row(const Reason& one, const std::vector<CaseReport>& cases) {
  std::string text =
      fmt::format("<tr><td>{}</td><td>{}</td><td><details class=\"list\"><summary>{} {}</summary><ul>",
                  badge(one.verdict), escape_markup(clean_line(one.why)), one.cases.size(),
                  one.cases.size() == 1 ? "case" : "cases");
  for (const std::size_t i : one.cases)
    text += fmt::format("<li>{}</li>", link(cases[i].id, i));
  return text + "</ul></details></td></tr>\n";
}

}  // namespace

std::string headline(const Run& run) {
  const Totals counted = totals_of(run.cases);
  if (counted.cases == 0) return "No case ran.";
  if (counted[Verdict::pass] == counted.cases)
    return counted.cases == 1 ? "The one case passed." : fmt::format("All {} cases passed.", counted.cases);
  std::vector<std::string> bad, rest;
  for (std::size_t i = 0; i < verdicts; ++i) {
    const auto verdict = static_cast<Verdict>(i);
    if (counted.counts[i] != 0 && verdict != Verdict::pass)
      (is_bad(verdict) ? bad : rest).push_back(fmt::format("{} {}", counted.counts[i], to_string(verdict)));
  }
  return fmt::format("{}{} of {} cases passed{}{}.",
                     bad.empty() ? "Nothing failed: " : fmt::format("{}: ", fmt::join(bad, ", ")),
                     counted[Verdict::pass], counted.cases, rest.empty() ? "" : "; ", fmt::join(rest, ", "));
}

std::string attention(const Run& run, const Register& rules) {
  std::string items;
  std::size_t found = 0;
  for (std::size_t i = 0; i < run.cases.size(); ++i)
    if (is_bad(run.cases[i].verdict) && ++found <= most_shown) items += item(run.cases[i], i, rules);
  if (found == 0) return {};
  std::string text =
      "<section id=\"attention\" aria-labelledby=\"attention-heading\">\n<h2 id=\"attention-heading\">To be "
      "looked "
      "at</h2>\n<ol class=\"attention\">\n";
  text += items + "</ol>\n";
  if (found > most_shown)
    text += fmt::format("<p>And {} more: they come first under <a href=\"#cases\">Cases</a>.</p>\n",
                        found - most_shown);
  return text + "</section>\n";
}

std::string reasons(const Run& run) {
  const auto found = reasons_of(run.cases);
  if (found.empty()) return {};
  std::string text =
      "<section id=\"reasons\" aria-labelledby=\"reasons-heading\">\n<h2 id=\"reasons-heading\">Why the "
      "others did "
      "not pass</h2>\n<table aria-labelledby=\"reasons-heading\">\n<thead><tr><th "
      "scope=\"col\">Verdict</th><th "
      "scope=\"col\">Why</th><th scope=\"col\">Cases</th></tr></thead>\n<tbody>\n";
  for (const Reason& one : found)
    text += row(one, run.cases);
  return text + "</tbody></table>\n</section>\n";
}

}  // namespace mpsec::conformance::page
