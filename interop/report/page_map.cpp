// The clause map: a cell for each rule, in the colour of what its cases came to.
#include <algorithm>
#include <fmt/format.h>
#include <set>

#include "interop/report/page.hpp"
#include "interop/report/words.hpp"

namespace mpsec::conformance::page {
namespace {

// The cases of one rule.
struct Tried {
  Verdict verdict = Verdict::unsupported;  // the worst
  std::size_t cases = 0;
  std::size_t shown = 0;  // the index of the one that has this verdict
};
using TriedByRule = std::map<std::string_view, Tried>;

TriedByRule tried_by_rule(const Run& run) {
  TriedByRule found;
  for (std::size_t i = 0; i < run.cases.size(); ++i)
    for (const std::string& rule : run.cases[i].rules) {
      const Verdict verdict = run.cases[i].verdict;
      auto [at, fresh] = found.try_emplace(rule, Tried{verdict, 0, i});
      ++at->second.cases;
      if (fresh || worse(at->second.verdict, verdict) == at->second.verdict) continue;
      at->second.verdict = verdict;
      at->second.shown = i;
    }
  return found;
}

std::string why_not(const Rule& rule) {
  if (!rule.untestable.empty()) return "No case can tell: " + rule.untestable;
  if (!rule.out_of_scope.empty()) return "Out of scope: " + rule.out_of_scope;
  if (!rule.next.empty()) return "Not yet: " + rule.next;
  return "No case in this run.";
}

std::string_view shape_of(const Rule& rule) {
  switch (rule.strength()) {
    case Strength::must:
      return "l-must";
    case Strength::should:
      return "l-should";
    case Strength::may:
      break;
  }
  return "l-may";
}

std::string cell(const Rule& rule, const TriedByRule& tried) {
  const auto at = tried.find(rule.id);
  std::string title = fmt::format("{} ({}, {}): {} ", rule.id, rule.clause(), rule.level, rule.words);
  if (at == tried.end()) {
    const bool never = !rule.untestable.empty() || !rule.out_of_scope.empty();
    title = escape_markup(title + why_not(rule));
    return fmt::format("<span class=\"cell {}{}\" role=\"img\" aria-label=\"{}\" title=\"{}\">{}</span>",
                       shape_of(rule), never ? " never" : "", title, title,
                       never               ? "\xe2\x80\x93"
                       : rule.next.empty() ? ""
                                           : "\xc2\xb7");
  }
  const Tried& one = at->second;
  title += fmt::format("{}: {}", one.cases == 1 ? "One case" : fmt::format("{} cases", one.cases),
                       to_string(one.verdict));
  title = escape_markup(title);
  return fmt::format("<a class=\"cell {} v-{}\" href=\"#{}\" aria-label=\"{}\" title=\"{}\">{}</a>",
                     shape_of(rule), class_of(one.verdict), anchor(one.shown), title, title,
                     sign_of(one.verdict));
}

std::string document(std::string_view name, const std::vector<const Rule*>& rules, const TriedByRule& tried) {
  const auto counted = std::ranges::count_if(rules, [&](const Rule* rule) {
    const auto at = tried.find(rule->id);
    return at != tried.end() && at->second.verdict != Verdict::unsupported;
  });
  std::string text = fmt::format(
      "<h3>{0} <small>{1} of {2} rules tried</small></h3>\n<div class=\"rows\" role=\"group\" "
      "aria-label=\"Rules of {0}\">\n",
      escape_markup(title_of(name)), counted, rules.size());
  std::string_view section;
  for (const Rule* rule : rules) {
    if (rule->section != section) {
      if (!section.empty()) text += "</span></div>\n";
      section = rule->section;
      text += fmt::format("<div class=\"row\"><span>{}</span><span class=\"cells\">", escape_markup(section));
    }
    text += cell(*rule, tried);
  }
  return text + "</span></div>\n</div>\n";
}

std::string legend() {
  std::string text = "<ul class=\"legend\">\n";
  for (std::size_t i = 0; i < verdicts; ++i) {
    const auto verdict = static_cast<Verdict>(i);
    text += fmt::format("<li><span class=\"cell v-{}\" aria-hidden=\"true\">{}</span>{}</li>\n",
                        class_of(verdict), sign_of(verdict), to_string(verdict));
  }
  return text +
         "<li><span class=\"cell\" aria-hidden=\"true\"></span>no case in this run</li>\n"
         "<li><span class=\"cell\" aria-hidden=\"true\">\xc2\xb7</span>no case yet</li>\n"
         "<li><span class=\"cell never\" aria-hidden=\"true\">\xe2\x80\x93</span>cannot be tried from "
         "outside, or out "
         "of scope</li>\n"
         "<li>square: must; rounded: should; round: may</li>\n</ul>\n";
}

}  // namespace

std::string clause_map(const Run& run, const Register& rules) {
  const TriedByRule tried = tried_by_rule(run);
  // The documents that are entered whole, and those that a case cites.
  std::set<std::string_view> shown{"rfc7296", "rfc4303", "draft-zhang", "profile"};
  std::map<std::string_view, std::vector<const Rule*>> by_document;
  for (const Rule& rule : rules.rules()) {
    by_document[rule.document].push_back(&rule);
    if (tried.contains(rule.id)) shown.insert(rule.document);
  }
  std::string text = legend();
  const auto documents = rules.documents();
  for (const std::string& name : documents)
    if (shown.contains(name)) text += document(name, by_document[name], tried);
  return text +
         "<p id=\"words\">Point at a cell, or go there with Tab and the arrow keys: "
         "here stands "
         "the rule.</p>\n";
}

}  // namespace mpsec::conformance::page
