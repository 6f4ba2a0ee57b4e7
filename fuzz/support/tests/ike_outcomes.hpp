// What becomes of a seed of the IKE targets, in one line: which message or exchange was refused and by which
// clause, what was answered, and what is held now that was not held before.
#pragma once

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <gtest/gtest.h>
#include <iterator>
#include <span>
#include <string>
#include <vector>

#include "support/ike_ends.hpp"

namespace mpsec::fuzz {

inline Octets seed(const std::string& name) {
  std::ifstream file(MPSEC_SOURCE_DIR "/fuzz/corpus/" + name, std::ios::binary);
  Octets octets{std::istreambuf_iterator<char>(file), {}};
  EXPECT_FALSE(octets.empty()) << name;
  return octets;
}

using IkeTarget = void (*)(OctetView, const IkeWorld&);

IkeWorld real_cryptography();

// Runs the seed with real cryptography under all laws of its target.
std::string outcome_of(IkeTarget target, const std::string& name);

struct Outcome {
  std::string seed;     // the file's name: "c05_total_0"
  std::string outcome;  // as outcome_of() says it
};

// C05_total_0
inline std::string test_name(const testing::TestParamInfo<Outcome>& info) {
  std::string name = info.param.seed;
  name[0] = 'C';
  return name;
}

inline std::vector<std::string> seeds_of(std::span<const Outcome> table) {
  std::vector<std::string> names;
  for (const Outcome& line : table)
    names.push_back(line.seed);
  return names;
}

// The seeds in a folder that are named after a class: each must stand in the table.
inline std::vector<std::string> class_seeds(const std::string& folder) {
  std::vector<std::string> names;
  for (const auto& file : std::filesystem::directory_iterator(MPSEC_SOURCE_DIR "/fuzz/corpus/" + folder)) {
    const std::string name = file.path().filename().string();
    if (name.size() > 4 && name[0] == 'c' && std::isdigit(name[1]) && name[3] == '_') names.push_back(name);
  }
  std::ranges::sort(names);
  return names;
}

}  // namespace mpsec::fuzz
