// Which cases run.
#pragma once

#include <string>
#include <vector>

#include "interop/report/register.hpp"
#include "interop/suite/case.hpp"

namespace mpsec::conformance {

struct Selection {
  std::vector<std::string> filters{};   // globs over IDs; a case has to match one; none: every case does
  std::vector<std::string> excludes{};  // and none of these
  std::vector<Strength> levels{};       // of the first rule; none: all
  std::string profile = "all";
  std::size_t shard = 1, shards = 1;  // the n-th of so many parts, dealt case by case
};

// The names of the profiles, and what each holds.
struct Profile {
  std::string_view name, holds;
};
const std::vector<Profile>& profiles();

// In the catalogue's order. Fails naming what is no profile.
Result<std::vector<const Case*>> choose(const std::vector<Case>& cases, const Selection& selection,
                                        const Register& rules);

// "3/8": fails saying what was expected.
Result<> read_shard(std::string_view text, Selection& selection);

}  // namespace mpsec::conformance
