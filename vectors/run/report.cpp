#include "vectors/run/report.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <set>

namespace mpsec::vectors {
namespace {

constexpr std::size_t file_column = 62;

// The last components of a path that fit the column.
std::string_view tail(std::string_view path) {
  while (path.size() > file_column && path.contains('/'))
    path.remove_prefix(path.find('/') + 1);
  return path;
}

std::string row_text(std::string_view file, std::string_view kind, std::string_view provider,
                     const Tally& tally) {
  return fmt::format("{:<{}} {:<10} {:<9} {:>7} {:>7} {:>8}\n", file, file_column, kind, provider,
                     tally.passed, tally.failed, tally.not_run);
}

}  // namespace

std::string_view to_string(NotRunnable::Cause cause) {
  switch (cause) {
    case NotRunnable::Cause::unsupported:
      return "unsupported";
    case NotRunnable::Cause::later:
      return "later";
    case NotRunnable::Cause::outside_ipsec:
      return "outside IPsec";
  }
  return "unknown";
}

void Tally::count(Outcome::Verdict verdict) {
  switch (verdict) {
    case Outcome::Verdict::passed:
      ++passed;
      break;
    case Outcome::Verdict::failed:
      ++failed;
      break;
    case Outcome::Verdict::not_run:
      ++not_run;
      break;
  }
}

Tally& Tally::operator+=(const Tally& other) {
  passed += other.passed;
  failed += other.failed;
  not_run += other.not_run;
  return *this;
}

void Report::add(const VectorFile& file, const Case& one, std::string_view provider, const Outcome& outcome) {
  rows_[{file.name, std::string(kind_of(one)), std::string(provider)}].count(outcome.verdict);
  if (outcome.verdict == Outcome::Verdict::not_run)
    ++why_not_[{outcome.cause, outcome.text}][std::string(provider)];
  if (outcome.verdict == Outcome::Verdict::failed)
    failures_.push_back({file.name, one.id, fmt::format("{} {}", one.origin.document, one.origin.section),
                         std::string(provider), outcome.text});
}

Tally Report::total() const {
  Tally total;
  for (const auto& [row, tally] : rows_)
    total += tally;
  return total;
}

// What was recognised and cannot be run is one line together here; its reasons follow in why_not_text().
std::string Report::files_text() const {
  std::string text = fmt::format("{:<{}} {:<10} {:<9} {:>7} {:>7} {:>8}\n", "file", file_column, "kind",
                                 "provider", "passed", "failed", "not run");
  std::set<std::string> others;
  Tally of_others;
  for (const auto& [row, tally] : rows_) {
    if (row.kind != "other") {
      text += row_text(tail(row.file), row.kind, row.provider, tally);
      continue;
    }
    others.insert(row.file);
    of_others += tally;
  }
  if (!others.empty())
    text += row_text(fmt::format("(in {} files, what nothing here computes)", others.size()), "other", "all",
                     of_others);
  return text;
}

std::string Report::why_not_text() const {
  if (why_not_.empty()) return {};
  std::string text = "\nnot run, and why";
  for (const auto& [provider, description] : providers_)
    text += fmt::format(" {:>9}", provider);
  text += '\n';
  for (const auto& [why, counts] : why_not_) {
    text += fmt::format("  {:<13}", to_string(why.cause));
    for (const auto& [provider, description] : providers_) {
      const auto count = counts.find(provider);
      text += fmt::format(" {:>8}", count == counts.end() ? 0 : count->second);
    }
    text += fmt::format("  {}\n", why.reason);
  }
  return text;
}

std::string Report::trouble_text() const {
  std::string text;
  for (const std::string& file : passed_over_)
    text += fmt::format("passed over: {}\n", file);
  for (const std::string& what : skipped_)
    text += fmt::format("SKIPPED {}\n", what);
  for (const Error& problem : problems_)
    text += fmt::format("PROBLEM {}\n", to_string(problem));
  for (const Failure& failure : failures_)
    text += fmt::format("FAILED {} [{}]\n  file:   {}\n  origin: {}\n  {}\n", failure.id, failure.provider,
                        failure.file, failure.origin, failure.text);
  return text.empty() ? text : fmt::format("\n{}", text);
}

std::string Report::text() const {
  std::string text;
  for (const auto& [name, description] : providers_)
    text += fmt::format("provider {}: {}\n", name, description);
  text += fmt::format("\n{}{}{}\n", files_text(), why_not_text(), trouble_text());
  for (const auto& [name, description] : providers_) {
    Tally tally;
    for (const auto& [row, one] : rows_)
      if (row.provider == name) tally += one;
    text += fmt::format("{}: {} passed, {} failed, {} not run\n", name, tally.passed, tally.failed,
                        tally.not_run);
  }
  const Tally all = total();
  text += fmt::format("{} passed, {} failed, {} not run\n", all.passed, all.failed, all.not_run);
  return text;
}

Json Report::json() const {
  const Tally all = total();
  Json report = {{"passed", all.passed}, {"failed", all.failed}, {"not_run", all.not_run}};
  for (const auto& [name, description] : providers_)
    report["providers"].push_back({{"name", name}, {"description", description}});
  report["files"] = Json::array();
  for (const auto& [row, tally] : rows_)
    report["files"].push_back({{"file", row.file},
                               {"kind", row.kind},
                               {"provider", row.provider},
                               {"passed", tally.passed},
                               {"failed", tally.failed},
                               {"not_run", tally.not_run}});
  report["why_not_run"] = Json::array();
  for (const auto& [why, counts] : why_not_)
    report["why_not_run"].push_back(
        {{"cause", to_string(why.cause)}, {"reason", why.reason}, {"count", counts}});
  report["failures"] = Json::array();
  for (const Failure& failure : failures_)
    report["failures"].push_back({{"file", failure.file},
                                  {"id", failure.id},
                                  {"origin", failure.origin},
                                  {"provider", failure.provider},
                                  {"text", failure.text}});
  report["problems"] = Json::array();
  for (const Error& problem : problems_)
    report["problems"].push_back(to_string(problem));
  report["passed_over"] = passed_over_;
  report["skipped"] = skipped_;
  return report;
}

}  // namespace mpsec::vectors
