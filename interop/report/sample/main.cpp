// Writes reports into a folder, for ci/jobs/report-page and for who works on the page: those of a made-up
// run, or again those of a run that was.
#include <cstdio>

#include "interop/report/test_runs.hpp"

namespace mpsec::conformance {
namespace {

int complain(const Error& error) {
  std::fprintf(stderr, "report_sample: %s\n", to_string(error).c_str());
  return 1;
}

int write(const char* folder, const Run& run, const Run* earlier) {
  const auto written = write_reports(folder, run, embedded_register(), earlier);
  return written ? 0 : complain(written.error());
}

int made_up(const char* folder) {
  Run earlier = test::a_run();
  earlier.cases.front().verdict = Verdict::pass;
  return write(folder, test::a_run(), &earlier);
}

int again(const char* folder, const char* path, const char* earlier_path) {
  const auto run = read_json_file(path), earlier = read_json_file(earlier_path);
  if (!run) return complain(run.error());
  if (!earlier) return complain(earlier.error());
  return write(folder, *run, &*earlier);
}

}  // namespace
}  // namespace mpsec::conformance

int main(int count, char** arguments) {
  using namespace mpsec::conformance;
  if (count == 2) return made_up(arguments[1]);
  if (count == 4) return again(arguments[1], arguments[2], arguments[3]);
  return std::fputs("usage: report_sample FOLDER [REPORT.json EARLIER.json]\n", stderr), 2;
}
