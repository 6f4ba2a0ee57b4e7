#include <algorithm>
#include <fmt/format.h>

#include "interop/report/formats.hpp"
#include "interop/report/words.hpp"

namespace mpsec::conformance {
namespace {

constexpr std::string_view red = "\x1b[31m", green = "\x1b[32m", yellow = "\x1b[33m", faint = "\x1b[2m",
                           plain = "\x1b[0m";

std::string_view colour_of(Verdict verdict) {
  if (is_bad(verdict)) return red;
  if (verdict == Verdict::pass) return green;
  return verdict == Verdict::unsupported ? faint : yellow;
}

std::string painted(std::string_view text, std::string_view colour, const Look& look) {
  return look.colours ? fmt::format("{}{}{}", colour, text, plain) : std::string(text);
}

std::string in_capitals(Verdict verdict) {
  std::string text(to_string(verdict));
  std::ranges::transform(text, text.begin(),
                         [](char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c; });
  return text;
}

std::string details_of(const CaseReport& one) {
  std::string text;
  const auto add = [&](std::string_view name, const std::string& what) {
    if (!what.empty()) text += fmt::format("    {:<9} {}\n", name, clean_line(what));
  };
  if (!one.rules.empty()) add("rule", one.rules.front());
  add("expected", one.verdict == Verdict::unexpected_pass ? "that it fails: " + one.waiver : one.expected);
  add("actual", one.verdict == Verdict::unexpected_pass ? "it passed" : one.actual);
  if (one.verdict == Verdict::fail && one.miss == Miss::notify)
    add("", "the right outcome, and the wrong notify");
  if (one.tries > 1) add("tries", fmt::format("{} of {} failed", one.failures, one.tries));
  add("hint", one.hint);
  add("evidence", one.evidence);
  return text;
}

std::string name_or_none(std::optional<Verdict> verdict) {
  return verdict ? std::string(to_string(*verdict)) : "not there";
}

}  // namespace

std::string to_line(const CaseReport& one, const Look& look) {
  std::string text = fmt::format("{} {}", painted(in_capitals(one.verdict), colour_of(one.verdict), look),
                                 clean_line(one.id));
  if (!one.clause.empty()) text += fmt::format(" ({}, {})", clean_line(one.clause), clean_line(one.level));
  return text;
}

std::string way_text(const WayReport& way) {
  std::string text = fmt::format("answers within {} ({} to {}), ", duration_text(way.median),
                                 duration_text(way.shortest), duration_text(way.longest));
  if (way.lost == 0) return text + fmt::format("none of {} exchanges lost", way.exchanges);
  return text +
         fmt::format(
             "{} of {} exchanges lost: a case that failed and passed then has passed, and that nothing "
             "came proves less",
             way.lost, way.exchanges);
}

std::string passed_later_list(const Run& run) {
  std::string text;
  for (const CaseReport* one : passed_later(run.cases))
    text += fmt::format("{}{} ({} of {} failed)", text.empty() ? "" : ", ", clean_line(one->id),
                        one->failures, one->tries);
  return text;
}

std::string to_text(const Run& run, const Look& look) {
  std::string text;
  for (const CaseReport& one : run.cases)
    if (is_bad(one.verdict)) text += to_line(one, look) + '\n' + details_of(one) + '\n';
  const Totals totals = totals_of(run.cases);
  for (std::size_t i = 0; i < verdicts; ++i)
    if (const auto verdict = static_cast<Verdict>(i); totals[verdict] != 0)
      text +=
          fmt::format("{:>5} {}\n", totals[verdict], painted(to_string(verdict), colour_of(verdict), look));
  text += fmt::format("{:>5} cases against {} in {}, seed {}\n", totals.cases, clean_line(run.target.name),
                      duration_text(run.took), run.seed);
  if (run.way) text += fmt::format("The way there: {}\n", way_text(*run.way));
  if (const std::string later = passed_later_list(run); !later.empty())
    text += fmt::format("Passed at a later try: {}\n", later);
  if (!run.ended_early.empty())
    text += painted(fmt::format("The run ended early: {}. {} of {} cases ran.", clean_line(run.ended_early),
                                run.cases.size(), run.planned),
                    yellow, look) +
            '\n';
  return text;
}

std::string to_text(const std::vector<Change>& changes, const Look& look) {
  if (changes.empty()) return "The two runs have the same cases with the same verdicts.\n";
  std::string text;
  for (const Change& change : changes) {
    const std::string now = name_or_none(change.after);
    text += fmt::format("{}: {} -> {}\n", clean_line(change.id), name_or_none(change.before),
                        change.after ? painted(now, colour_of(*change.after), look) : now);
  }
  return text + fmt::format("{} differ\n", changes.size());
}

std::string progress_line(const Progress& progress, const Look& look) {
  const std::string planned = std::to_string(progress.planned);
  std::string text = fmt::format("[{:>{}}/{}]", progress.done, planned.size(), planned);
  std::size_t bad = 0;
  for (std::size_t i = 0; i < verdicts; ++i)
    if (is_bad(static_cast<Verdict>(i))) bad += progress.totals.counts[i];
  if (bad != 0) text += fmt::format(" {} to look at,", bad);
  if (progress.done != 0 && progress.planned > progress.done) {
    const auto each = progress.elapsed / static_cast<Duration::rep>(progress.done);
    const auto left = std::chrono::ceil<std::chrono::seconds>(each * (progress.planned - progress.done));
    text += fmt::format(" {}:{:02} left", left.count() / 60, left.count() % 60);
  } else {
    text += progress.done == 0 ? " begins" : " done";
  }
  text += "  " + clean_line(progress.under_way);
  if (text.size() > look.width) text.resize(look.width);
  return text;
}

}  // namespace mpsec::conformance
