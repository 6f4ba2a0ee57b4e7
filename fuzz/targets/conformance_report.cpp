// The report of a run, whatever is in it: what is read is written and read to the same run, in every form.
// depends: suite_report fuzz_support
#include "interop/report/formats.hpp"
#include "support/require.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* octets, std::size_t size) {
  using namespace mpsec;
  using namespace mpsec::conformance;
  const auto run = read_json({reinterpret_cast<const char*>(octets), size}, "report.json");
  if (!run) {
    fuzz::require(run.error().path.starts_with("report.json"), "an error names the file");
    return 0;
  }
  const auto again = read_json(to_json(*run), "report.json");
  fuzz::require(again && *again == *run, "what is read is written and read to the same run");
  fuzz::require(changes(*run, *again).empty(), "a run does not differ from itself");
  static const Register none;
  fuzz::require(!to_html(*run, none).contains("<img"), "nothing in a run becomes markup");
  fuzz::require(!to_text(*run, {}).contains('\x1b') && !to_junit(*run).contains('\x1b'),
                "no control characters");
  static_cast<void>(to_markdown(*run));
  return 0;
}
