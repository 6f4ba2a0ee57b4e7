// Reader and checker of our own vector files: vectors/schema/vectors.schema.json.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "vectors/core/case.hpp"

namespace mpsec::vectors {

inline constexpr std::string_view mpsec_format = "mpsec-vectors-1";

// The cases of one file of ours. Every member must be one that its place has: a misspelt, missing or
// ill-typed one is a problem that names file, JSON pointer and what is allowed. Two vectors of one id are a
// problem too. `name` is what messages call the file.
VectorFile read_mpsec(std::string_view text, std::string name);

// The members that a vector of this kind may have, as the checker knows them; for the test that holds the
// schema against the checker.
std::vector<std::string> members_of_kind(std::string_view kind);

}  // namespace mpsec::vectors
