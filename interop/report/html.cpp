// The page as a whole: its template, and what goes into it.
#include <algorithm>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <set>

#include "interop/report/page.hpp"
#include "interop/report/words.hpp"

namespace mpsec::conformance {
namespace page {

std::string class_of(Verdict verdict) {
  std::string text(to_string(verdict));
  std::ranges::replace(text, ' ', '-');
  return text;
}

std::string_view sign_of(Verdict verdict) {
  switch (verdict) {
    case Verdict::pass:
      return "\xe2\x9c\x93";  // a check mark
    case Verdict::fail:
      return "\xe2\x9c\x97";  // a cross
    case Verdict::unsupported:
      return "u";
    case Verdict::waived:
      return "w";
    case Verdict::unexpected_pass:
      return "!";
    case Verdict::inconclusive:
      return "?";
    case Verdict::flaky:
      return "~";
    case Verdict::harness_error:
      return "e";
  }
  return "";
}

std::string badge(Verdict verdict) {
  return fmt::format("<span class=\"badge v-{}\">{} {}</span>", class_of(verdict), sign_of(verdict),
                     to_string(verdict));
}

std::string anchor(std::size_t index) {
  return fmt::format("case-{}", index + 1);
}

}  // namespace page

namespace {

// constexpr std::string_view page_html, page_css, page_js
#include "report_page.inc"

using Parts = std::map<std::string_view, std::string>;

// The template with each {{name}} replaced; what goes in is not looked at again.
std::string filled(std::string_view form, const Parts& parts) {
  std::string text;
  for (;;) {
    const std::size_t open = form.find("{{"), close = form.find("}}");
    text += form.substr(0, open);
    if (open == form.npos || close == form.npos) return text;
    text += parts.at(form.substr(open + 2, close - open - 2));
    form.remove_prefix(close + 2);
  }
}

std::string facts(const Run& run) {
  std::string text;
  if (run.began) text += calendar_text(*run.began) + ", ";
  text += fmt::format("took {}, seed {}", duration_text(run.took), run.seed);
  for (const auto& [name, version] : run.versions)
    text += fmt::format(", {} {}", name, version);
  return escape_markup(text);
}

std::string totals(const Run& run) {
  const Totals counted = totals_of(run.cases);
  std::string tiles =
      fmt::format("<ul class=\"tiles\">\n<li><a href=\"#cases\" data-verdict=\"\"><b>{}</b>cases</a></li>\n",
                  counted.cases);
  std::string bar;
  for (std::size_t i = 0; i < verdicts; ++i) {
    if (counted.counts[i] == 0) continue;
    const auto verdict = static_cast<Verdict>(i);
    tiles += fmt::format(
        "<li><a class=\"v-{0}\" href=\"#cases\" data-verdict=\"{0}\"><b>{1}</b>{2} {3}</a></li>\n",
        page::class_of(verdict), counted.counts[i], page::sign_of(verdict), to_string(verdict));
    bar += fmt::format("<span class=\"v-{}\" style=\"flex-grow:{}\"></span>", page::class_of(verdict),
                       counted.counts[i]);
  }
  return fmt::format(
      "<p class=\"headline\">{}</p>\n{}</ul>\n<div class=\"bar\" aria-hidden=\"true\">{}</div>\n",
      page::headline(run), tiles, bar);
}

std::string banner(const Run& run) {
  if (run.ended_early.empty()) return {};
  return fmt::format(
      "<p class=\"banner\"><strong>The run ended early:</strong> {}. {} of {} cases ran.</p>\n",
      escape_markup(run.ended_early), run.cases.size(), run.planned);
}

std::string verdict_or_none(std::optional<Verdict> verdict) {
  return verdict ? page::badge(*verdict) : "not there";
}

// "3 worse, 1 better, 2 new".
std::string direction(const std::vector<Change>& found) {
  std::size_t counts[4] = {};
  for (const Change& change : found)
    if (!change.before)
      ++counts[2];
    else if (!change.after)
      ++counts[3];
    else
      ++counts[worse(*change.before, *change.after) == *change.after ? 0 : 1];
  std::vector<std::string> parts;
  constexpr std::string_view names[] = {"worse", "better", "new", "no longer there"};
  for (std::size_t i = 0; i < std::size(names); ++i)
    if (counts[i] != 0) parts.push_back(fmt::format("{} {}", counts[i], names[i]));
  return fmt::format("{}", fmt::join(parts, ", "));
}

std::string changes_section(const Run& run, const Run* earlier) {
  if (earlier == nullptr) return {};
  std::string text = fmt::format(
      "<section id=\"changes\" aria-labelledby=\"changes-heading\">\n<h2 id=\"changes-heading\">Since the "
      "earlier "
      "run</h2>\n<p>Compared with {}.</p>\n",
      facts(*earlier));
  const auto found = changes(*earlier, run);
  if (found.empty()) return text + "<p>The same cases with the same verdicts.</p>\n</section>\n";
  text += fmt::format("<p>{}.</p>\n", direction(found));
  text +=
      "<div class=\"wide\"><table aria-labelledby=\"changes-heading\">\n<thead><tr><th "
      "scope=\"col\">Case</th><th scope=\"col\">Then</th><th "
      "scope=\"col\">Now</th></tr></thead>\n<tbody>\n";
  for (const Change& change : found) {
    const auto at = std::ranges::find(run.cases, change.id, &CaseReport::id);
    std::string name = fmt::format("<code>{}</code>", escape_markup(change.id));
    if (at != run.cases.end())
      name = fmt::format("<a href=\"#{}\">{}</a>",
                         page::anchor(static_cast<std::size_t>(at - run.cases.begin())), name);
    text += fmt::format("<tr><td>{}</td><td>{}</td><td>{}</td></tr>\n", name, verdict_or_none(change.before),
                        verdict_or_none(change.after));
  }
  return text + "</tbody></table></div>\n</section>\n";
}

std::string about(const Run& run) {
  const TargetReport& target = run.target;
  std::string text = "<div class=\"wide\"><table aria-labelledby=\"about-heading\"><tbody>\n";
  const auto add = [&](std::string_view name, const std::string& value) {
    if (!value.empty())
      text += fmt::format("<tr><th scope=\"row\">{}</th><td>{}</td></tr>\n", name, escape_markup(value));
  };
  add("Target", target.name);
  add("Its identity", target.target_identity);
  add("The tester's", target.tester_identity);
  add("Paths, tester first", fmt::format("{}", fmt::join(target.paths, ", ")));
  if (run.way) add("The way there", way_text(*run.way));
  add("Passed at a later try", passed_later_list(run));
  add("Features", fmt::format("{}", fmt::join(target.features, ", ")));
  add("Hooks", fmt::format("{}", fmt::join(target.hooks, ", ")));
  add("Window of anti-replay", std::to_string(target.window));
  add("ESP in UDP", target.encapsulate ? "yes" : "no");
  add("Cases chosen", std::to_string(run.planned));
  add("Run again", "mpsec-conformance " + shell_text(run.arguments));
  return text + "</tbody></table></div>\n";
}

std::string verdict_options(const Run& run) {
  const Totals counted = totals_of(run.cases);
  std::string text = "<option value=\"\">any</option>";
  for (std::size_t i = 0; i < verdicts; ++i)
    if (counted.counts[i] != 0)
      text += fmt::format("<option value=\"{}\">{}</option>", page::class_of(static_cast<Verdict>(i)),
                          to_string(static_cast<Verdict>(i)));
  return text;
}

std::string document_options(const Run& run) {
  std::set<std::string> documents;
  for (const CaseReport& one : run.cases)
    documents.insert(one.id.substr(0, one.id.find('/')));
  std::string text = "<option value=\"\">any</option>";
  for (const std::string& name : documents)
    text += fmt::format("<option>{}</option>", escape_markup(name));
  return text;
}

}  // namespace

std::string to_html(const Run& run, const Register& rules, const Run* earlier) {
  const std::string attention = page::attention(run, rules);
  return filled(page_html,
                {{"style", std::string(page_css)},
                 {"script", std::string(page_js)},
                 {"target", escape_markup(clean_line(run.target.name))},
                 {"facts", facts(run)},
                 {"nav", std::string(attention.empty() ? "" : "<a href=\"#attention\">To be looked at</a>") +
                             (earlier == nullptr ? "" : "<a href=\"#changes\">Changes</a>")},
                 {"banner", banner(run)},
                 {"totals", totals(run)},
                 {"attention", attention},
                 {"reasons", page::reasons(run)},
                 {"changes", changes_section(run, earlier)},
                 {"map", page::clause_map(run, rules)},
                 {"verdict_options", verdict_options(run)},
                 {"document_options", document_options(run)},
                 {"cases", page::cases(run, rules, earlier)},
                 {"about", about(run)}});
}

}  // namespace mpsec::conformance
