// Failures that are expected of a target, each with its reason.
#pragma once

#include <expected>
#include <filesystem>
#include <string>
#include <vector>

#include "interop/report/run.hpp"

namespace mpsec::conformance {

struct Waiver {
  std::string glob;  // over IDs of cases
  std::string reason;
  std::string link;                 // may be empty
  std::string version;              // of the target that it was seen with; may be empty
  Verdict verdict = Verdict::fail;  // or inconclusive, where the target lacks what the case builds on
};

// All that is wrong is told, each with "FILE:LINE:COLUMN".
std::expected<std::vector<Waiver>, std::vector<Error>> read_waivers(std::string_view document,
                                                                    const std::filesystem::path& file);
// The first for the case; null: none.
const Waiver* find_waiver(const std::vector<Waiver>& waivers, std::string_view id);
// The verdict that the waiver names becomes waived; a pass, which the waiver says cannot be, unexpected. Any
// other stays: it is news.
void apply(const std::vector<Waiver>& waivers, CaseReport& report);
// A file of waivers for what failed in the run, to be completed by whoever knows the reasons.
std::string waivers_for(const Run& run);

}  // namespace mpsec::conformance
