// Writes the reports of a made-up run into a folder, for ci/jobs/report-page and for who works on the page.
#include <cstdio>

#include "interop/report/test_runs.hpp"

int main(int count, char** arguments) {
  using namespace mpsec::conformance;
  if (count != 2) return std::fputs("usage: report_sample FOLDER\n", stderr), 2;
  Run earlier = test::a_run();
  earlier.cases.front().verdict = Verdict::pass;
  const auto written = write_reports(arguments[1], test::a_run(), embedded_register(), &earlier);
  if (written) return 0;
  std::fprintf(stderr, "report_sample: %s\n", to_string(written.error()).c_str());
  return 1;
}
