// The command line of mpsec-sim.
#include <CLI/CLI.hpp>

#include "sim/program/program.hpp"

namespace {

constexpr const char* description =
    "Runs a scenario of SA clusters in a simulated network, and says what came of every packet. The same "
    "scenario and "
    "seed give the same report.";

constexpr const char* exit_codes =
    "Exit codes:\n"
    "  0  all that the scenario expects came true\n"
    "  1  something did not (named on standard error), or not all results could be written\n"
    "  2  nothing was run: a wrong option or scenario";

}  // namespace

int main(int argc, char** argv) {
  mpsec::sim::ProgramOptions options;
  bool list = false;
  CLI::App app(description, "mpsec-sim");
  auto* const scenario =
      app.add_option("SCENARIO", options.scenario, "the name of a scenario, or a TOML file");
  app.add_option("--seed", options.seed, "of everything that is left to chance")->capture_default_str();
  auto* const out =
      app.add_option("--out", options.directory, "directory for CSV data, report.json and plots");
  app.add_flag("--plots", options.plots, "draw the data as SVG (needs gnuplot)")->needs(out);
  app.add_flag("--json", options.json, "the report as JSON");
  app.add_flag("--real-crypto", options.real_crypto, "with ciphers that encrypt: slower, the same result");
  app.add_flag("--list", list, "the scenarios that are built in");
  app.set_version_flag("--version", std::string("mpsec-sim " MPSEC_VERSION));
  app.footer(exit_codes);
  try {
    app.parse(argc, argv);
    if (!list && scenario->empty()) throw CLI::RequiredError("SCENARIO (or --list)");
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? mpsec::sim::exit_holds : mpsec::sim::exit_refused;
  }
  return list ? mpsec::sim::list(stdout) : mpsec::sim::run(options, stdout, stderr);
}
