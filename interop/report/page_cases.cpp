// Each case on the page: a line that opens.
#include <algorithm>
#include <fmt/format.h>
#include <numeric>

#include "interop/report/page.hpp"
#include "interop/report/words.hpp"

namespace mpsec::conformance::page {
namespace {

std::string rule_entry(std::string_view id, const Register& rules) {
  const Rule* const rule = rules.find(id);
  if (rule == nullptr) return fmt::format("<dd><code>{}</code></dd>\n", escape_markup(id));
  std::string text =
      fmt::format("<dd><strong>{}, {}</strong>: {} <code>{}</code>", escape_markup(rule->clause()),
                  escape_markup(rule->level), escape_markup(rule->words), escape_markup(id));
  if (!rule->level_reason.empty())
    text += fmt::format("<br>The level is ours: {}", escape_markup(rule->level_reason));
  return text + "</dd>\n";
}

std::string what_it_is(const CaseReport& one, const Register& rules) {
  std::string text = fmt::format("<dl>\n<dt>Does</dt><dd>{}</dd>\n<dt>Lawful</dt><dd>{}</dd>\n<dt>{}</dt>",
                                 escape_markup(one.does), escape_markup(one.lawful),
                                 one.rules.size() == 1 ? "Rule" : "Rules");
  for (const std::string& id : one.rules)
    text += rule_entry(id, rules);
  text += fmt::format("<dt>The target is</dt><dd>{}</dd>\n",
                      one.side == "any" ? "initiator or responder" : escape_markup(one.side));
  if (!one.waiver.empty()) text += fmt::format("<dt>Waiver</dt><dd>{}</dd>\n", escape_markup(one.waiver));
  if (one.tries > 1) text += fmt::format("<dt>Tries</dt><dd>{} of {} failed</dd>\n", one.failures, one.tries);
  if (one.took > Duration{}) text += fmt::format("<dt>Took</dt><dd>{}</dd>\n", duration_text(one.took));
  return text + "</dl>\n";
}

std::string expected_and_actual(const CaseReport& one) {
  if (one.verdict == Verdict::unexpected_pass)
    return "<p>It passed, and a waiver expects it to fail: the waiver can go.</p>\n";
  if (one.expected.empty() && one.actual.empty()) return {};
  if (one.expected.empty()) return fmt::format("<p>{}</p>\n", escape_markup(one.actual));
  std::string text = fmt::format(
      "<div class=\"verdict\"><div class=\"expected\"><h3>Expected</h3><p>{}</p></div>"
      "<div class=\"actual\"><h3>Actual</h3><p>{}</p></div></div>\n",
      escape_markup(one.expected), escape_markup(one.actual));
  if (one.miss == Miss::notify)
    text += "<p>The right thing was done; the notify that says so is another.</p>\n";
  return text;
}

// A link only where it stays beside the report: a name of ours, no scheme and no way up.
bool is_beside(std::string_view path) {
  constexpr std::string_view lawful = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-/";
  return !path.starts_with('/') && !path.contains("..") &&
         path.find_first_not_of(lawful) == std::string_view::npos;
}

std::string evidence(const CaseReport& one) {
  if (one.evidence.empty()) return {};
  const std::string shown = escape_markup(one.evidence);
  if (!is_beside(one.evidence)) return fmt::format("<p>Capture and keys: <code>{}</code></p>\n", shown);
  return fmt::format(
      "<p>Capture and keys: <a href=\"{0}/\">{0}</a>; <code>WIRESHARK_CONFIG_DIR={0} wireshark "
      "{0}/packets.pcapng</code> decrypts it.</p>\n",
      shown);
}

std::string tree(const StepReport& step, std::string_view before, bool open) {
  return fmt::format(
      "<details class=\"tree\"{}><summary>{}{}</summary><pre tabindex=\"0\">{}</pre></details>\n",
      open ? " open" : "", before, escape_markup(clean_line(step.text)), escape_markup(step.tree));
}

// What every message held, where somebody has to find out what went wrong.
std::string trees(const CaseReport& one) {
  if (one.verdict == Verdict::pass || one.verdict == Verdict::unsupported) return {};
  std::string inside;
  std::size_t count = 0;
  for (const StepReport& step : one.steps) {
    if (step.tree.empty()) continue;
    inside += tree(step, step.kind == Step::Kind::sent ? "Sent: " : "Received: ", false);
    ++count;
  }
  if (count < 2) return {};
  return fmt::format("<details class=\"tree\"><summary>All {} messages</summary>\n{}</details>\n", count,
                     inside);
}

std::string drawing(const CaseReport& one) {
  std::string text;
  if (const std::string drawn = ladder(one); !drawn.empty())
    text = fmt::format(
        "<figure class=\"ladder\" tabindex=\"0\" role=\"group\" aria-label=\"Ladder of "
        "messages\">\n{}</figure>\n",
        drawn);
  if (const auto decided = deciding_step(one))
    text += tree(one.steps[*decided], "The message that decided: ", is_bad(one.verdict));
  return text + trees(one);
}

// The run's command with this case alone; empty where nobody knows the command.
std::string again(const CaseReport& one, const Run& run) {
  if (run.arguments.empty() || run.arguments.front() != "run") return {};
  constexpr std::string_view choosing[] = {"--filter", "--exclude", "--level",    "--profile",
                                           "--shard",  "--compare", "--fail-fast"};
  std::vector<std::string> kept{"mpsec-conformance"};
  bool chooses = false;
  for (const std::string& word : run.arguments) {
    if (word.starts_with("--"))
      chooses =
          std::ranges::find(choosing, std::string_view(word).substr(0, word.find('='))) != std::end(choosing);
    if (!chooses) kept.push_back(word);
  }
  kept.insert(kept.end(), {"--filter", one.id});
  return fmt::format("<p>Alone: <code>{}</code></p>\n", escape_markup(shell_text(kept)));
}

std::string was(const CaseReport& one, const std::vector<Change>& changed, bool compared) {
  const auto at = std::ranges::find(changed, one.id, &Change::id);
  if (!compared || at == changed.end()) return {};
  if (!at->before) return "<span class=\"clause\">new</span>";
  return fmt::format("<span class=\"clause\">was {}</span>", to_string(*at->before));
}

std::string_view strength_of(const CaseReport& one) {
  const auto strength = to_strength(one.level);
  return strength ? to_string(*strength) : "";
}

std::string block(const Run& run, std::size_t index, const Register& rules, const std::string& change) {
  const CaseReport& one = run.cases[index];
  std::string text = fmt::format(
      "<details class=\"case v-{0}\" id=\"{1}\" data-verdict=\"{0}\" data-level=\"{2}\" "
      "data-document=\"{3}\"{4}>\n"
      "<summary>{5} <span class=\"id\">{6}</span> {7} <span class=\"clause\">{8}{9}{10}</span></summary>\n"
      "<div class=\"inside\">\n",
      class_of(one.verdict), anchor(index), strength_of(one),
      escape_markup(std::string_view(one.id).substr(0, one.id.find('/'))),
      is_bad(one.verdict) ? " data-bad" : "", badge(one.verdict), escape_markup(one.id), change,
      escape_markup(one.clause), one.level.empty() ? "" : ", ", escape_markup(one.level));
  text += expected_and_actual(one);
  if (!one.hint.empty() && one.verdict != Verdict::pass)
    text += fmt::format("<p class=\"hint\"><strong>Hint.</strong> {}</p>\n", escape_markup(one.hint));
  return text + what_it_is(one, rules) + drawing(one) + evidence(one) + again(one, run) +
         "</div>\n</details>\n";
}

// What a reader wants to see first.
int order_of(Verdict verdict) {
  if (is_bad(verdict)) return 0;
  if (verdict == Verdict::inconclusive) return 1;
  if (verdict == Verdict::waived) return 2;
  return verdict == Verdict::pass ? 3 : 4;
}

}  // namespace

std::optional<std::size_t> deciding_step(const CaseReport& one) {
  for (std::size_t i = one.steps.size(); i-- > 0;)
    if (!one.steps[i].tree.empty()) return i;
  return std::nullopt;
}

std::string cases(const Run& run, const Register& rules, const Run* earlier) {
  std::vector<std::size_t> order(run.cases.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::ranges::stable_sort(order, {}, [&](std::size_t i) {
    return std::pair(order_of(run.cases[i].verdict), std::string_view(run.cases[i].id));
  });
  const auto changed = earlier == nullptr ? std::vector<Change>{} : changes(*earlier, run);
  std::string text;
  for (const std::size_t i : order)
    text += block(run, i, rules, was(run.cases[i], changed, earlier != nullptr));
  return text;
}

}  // namespace mpsec::conformance::page
