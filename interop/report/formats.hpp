// A run in the forms in which it is handed on.
#pragma once

#include "interop/report/run.hpp"

namespace mpsec::conformance {

// One document after vectors/schema/conformance-report.schema.json, with a line feed at its end. What is told
// by a clock stands in the member "times" and nowhere else: without it, two runs with one seed are equal.
std::string to_json(const Run& run);
// Fails with path (`file`, then the member), offset where the text is no JSON, and the remedy.
Result<Run> read_json(std::string_view text, std::string_view file);
// The same of a file.
Result<Run> read_json_file(const std::string& path);

// A test suite for each document. Failed and flaky cases and unexpected passes are failures, harness errors
// are errors, unsupported, inconclusive and waived ones are skipped.
std::string to_junit(const Run& run);

// GitHub-flavoured: totals, then the cases to be looked at.
std::string to_markdown(const Run& run);

// One page that needs nothing else. `earlier` may be null: what it is compared with.
std::string to_html(const Run& run, const Register& rules, const Run* earlier = nullptr);

// "answers within 300 us (200 us to 1.1 ms), none of 20 exchanges lost", and what loss means for verdicts.
std::string way_text(const WayReport& way);
// The cases that passed at a later try: "a (1 of 2 failed), b (2 of 3 failed)"; empty where there are none.
std::string passed_later_list(const Run& run);

// --- terminal
struct Look {
  bool colours = false;    // it is a terminal, and nobody asked for none
  std::size_t width = 80;  // columns
};
// A line for each kind of verdict, then the cases to be looked at. Ends with a line feed.
std::string to_text(const Run& run, const Look& look);
// One case as it ends: "FAIL rfc7296/2.3/... (RFC 7296 2.3, MUST)"; no line feed.
std::string to_line(const CaseReport& one, const Look& look);
std::string to_text(const std::vector<Change>& changes, const Look& look);

struct Progress {
  std::size_t done = 0, planned = 0;
  Totals totals{};
  Duration elapsed{};
  std::string_view under_way{};  // the case's ID
};
// At most `look.width` columns, without line feed: "[ 12/220] 2 failed, 1:20 left  rfc7296/2.3/...".
std::string progress_line(const Progress& progress, const Look& look);

// report.json, report.xml, report.md and report.html in `folder`, which is made if need be; each whole or as
// it was. Fails naming the file.
Result<> write_reports(const std::string& folder, const Run& run, const Register& rules,
                       const Run* earlier = nullptr);

}  // namespace mpsec::conformance
