// mpsec-sim: a scenario in, a report out.
#pragma once

#include <cstdint>
#include <cstdio>
#include <string>

namespace mpsec::sim {

struct ProgramOptions {
  std::string scenario;  // a name of known_scenarios(), or a file
  std::uint64_t seed = 1;
  std::string directory;  // for data, plots and report.json; empty: none are written
  bool plots = false;
  bool json = false;
  bool real_crypto = false;
};

inline constexpr int exit_holds = 0;    // everything that the scenario expects came true
inline constexpr int exit_unmet = 1;    // something did not, or not all results could be written
inline constexpr int exit_refused = 2;  // nothing was run

int run(const ProgramOptions& options, std::FILE* out, std::FILE* err);
// The names of the scenarios, and what each is about.
int list(std::FILE* out);

}  // namespace mpsec::sim
