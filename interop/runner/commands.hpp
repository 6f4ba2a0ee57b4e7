// The commands of mpsec-conformance. Each prints, and gives the exit code.
#pragma once

#include <string>
#include <vector>

#include "interop/runner/selection.hpp"

namespace CLI {
class App;
}

namespace mpsec::conformance {

struct RunOptions {
  Selection selection;
  std::string target;  // a target file; empty: the embedded reference
  std::uint64_t seed = 1;
  unsigned repeat = 1, confirm = 3;
  bool fail_fast = false, no_reports = false, resume = false;
  double timeout_scale = 1;
  std::string folder = "conformance-report";
  std::string evidence = "failures";
  std::string compare, waivers;
  std::vector<std::string> arguments;  // with which it can be repeated, for the report
};
int run_command(const RunOptions& options);

int list_command(const Selection& selection, bool profiles_only);
int explain_command(const std::string& id);
int coverage_command(bool all);
// `out`: where the matrix goes as JSON; empty: nowhere.
// `quick`: each defect meets only the cases of its own rule.
int prove_command(const Selection& selection, const std::string& out, bool quick);
int diff_command(const std::string& before, const std::string& after);
int waive_command(const std::string& run, const std::string& out);
int bundle_command(const std::string& run, const std::string& out);
// Does not write over a file that is there.
int init_command(const std::string& file);
int check_command(const std::string& target, double timeout_scale);
struct FuzzOptions {
  std::string target;
  std::uint64_t seed = 1;
  std::size_t rounds = 100, messages = 20;
  double rate = 100;  // messages a second, on a network; 0: as fast as it goes
  std::string folder = "conformance-fuzz";
};
int fuzz_command(const FuzzOptions& options);
// The messages of the catalogue as seeds: below `folder`, a folder for each fuzz target.
int seeds_command(const std::string& folder);

struct AdoptOptions {
  std::string file, rule;
  std::string root = ".";  // of the project
};
// Writes the next numbered case, and the wrong gateway that it has to fail, of what fuzzing has found.
int adopt_command(const AdoptOptions& options);

int completion_command(const std::string& shell, const CLI::App& app);

}  // namespace mpsec::conformance
