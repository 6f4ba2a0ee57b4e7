#include <algorithm>
#include <fmt/format.h>

#include "interop/report/formats.hpp"
#include "interop/report/words.hpp"

namespace mpsec::conformance {
namespace {

// What JUnit knows: nothing else is told apart there.
enum class Kind : std::uint8_t { passed, failure, error, skipped };

Kind kind_of(Verdict verdict) {
  switch (verdict) {
    case Verdict::pass:
      return Kind::passed;
    case Verdict::fail:
    case Verdict::flaky:
    case Verdict::unexpected_pass:
      return Kind::failure;
    case Verdict::harness_error:
      return Kind::error;
    case Verdict::unsupported:
    case Verdict::waived:
    case Verdict::inconclusive:
      break;
  }
  return Kind::skipped;
}

std::string_view document_of(const CaseReport& one) {
  return std::string_view(one.id).substr(0, one.id.find('/'));
}

// Seconds, as JUnit has them.
using Seconds = std::chrono::duration<double>;
std::string seconds_of(Seconds duration) {
  return fmt::format("{:.6f}", duration.count());
}

std::string reason_of(const CaseReport& one) {
  if (one.verdict == Verdict::waived || one.verdict == Verdict::unexpected_pass)
    return fmt::format("{}: {}", to_string(one.verdict), one.waiver);
  if (one.expected.empty()) return fmt::format("{}: {}", to_string(one.verdict), one.actual);
  return fmt::format("{}: expected {}, actual {}", to_string(one.verdict), one.expected, one.actual);
}

std::string details_of(const CaseReport& one) {
  std::string text = fmt::format("{} ({}, {})\n{}\nLawful: {}\n", one.rules.empty() ? "" : one.rules.front(),
                                 one.clause, one.level, one.does, one.lawful);
  if (one.verdict == Verdict::flaky)
    text += fmt::format("It failed {} of {} times.\n", one.failures, one.tries);
  if (!one.hint.empty()) text += fmt::format("Hint: {}\n", one.hint);
  return text;
}

std::string test_case(const CaseReport& one) {
  const std::size_t slug = one.id.rfind('/');
  std::string classname = one.id.substr(0, slug == one.id.npos ? 0 : slug);
  std::ranges::replace(classname, '/', '.');
  std::string text = fmt::format("    <testcase classname=\"{}\" name=\"{}\" time=\"{}\"",
                                 escape_markup(classname), escape_markup(one.id), seconds_of(one.took));
  const std::string reason = escape_markup(clean_line(reason_of(one)));
  switch (kind_of(one.verdict)) {
    case Kind::passed:
      return text + "/>\n";
    case Kind::skipped:
      return text + fmt::format(">\n      <skipped message=\"{}\"/>\n    </testcase>\n", reason);
    case Kind::failure:
      return text +
             fmt::format(">\n      <failure type=\"{}\" message=\"{}\">{}</failure>\n    </testcase>\n",
                         to_string(one.verdict), reason, escape_markup(details_of(one)));
    case Kind::error:
      break;
  }
  return text + fmt::format(">\n      <error type=\"{}\" message=\"{}\">{}</error>\n    </testcase>\n",
                            to_string(one.verdict), reason, escape_markup(details_of(one)));
}

struct Counts {
  std::size_t tests = 0, failures = 0, errors = 0, skipped = 0;
  Seconds took{};

  void add(const CaseReport& one) {
    const Kind kind = kind_of(one.verdict);
    ++tests;
    failures += kind == Kind::failure;
    errors += kind == Kind::error;
    skipped += kind == Kind::skipped;
    took += one.took;
  }
  std::string attributes() const {
    return fmt::format(R"(tests="{}" failures="{}" errors="{}" skipped="{}" time="{}")", tests, failures,
                       errors, skipped, seconds_of(took));
  }
};

std::string test_suite(std::string_view document, const std::vector<const CaseReport*>& cases) {
  Counts counts;
  std::string body;
  for (const CaseReport* one : cases) {
    counts.add(*one);
    body += test_case(*one);
  }
  return fmt::format("  <testsuite name=\"{}\" {}>\n{}  </testsuite>\n", escape_markup(document),
                     counts.attributes(), body);
}

}  // namespace

std::string to_junit(const Run& run) {
  Counts all;
  std::vector<std::string_view> documents;
  for (const CaseReport& one : run.cases) {
    all.add(one);
    if (std::ranges::find(documents, document_of(one)) == documents.end())
      documents.push_back(document_of(one));
  }
  std::string text = fmt::format(
      "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites name=\"mpsec-conformance: {}\" {}>\n",
      escape_markup(clean_line(run.target.name)), all.attributes());
  for (const std::string_view document : documents) {
    std::vector<const CaseReport*> cases;
    for (const CaseReport& one : run.cases)
      if (document_of(one) == document) cases.push_back(&one);
    text += test_suite(document, cases);
  }
  return text + "</testsuites>\n";
}

}  // namespace mpsec::conformance
