#include "wire/samples_test.hpp"

#include <cctype>
#include <fstream>

namespace mpsec::wire {

std::vector<Sample> samples_of(const std::string& file) {
  std::ifstream lines(std::string(MPSEC_SOURCE_DIR) + "/vectors/wire/samples/" + file + ".hex");
  std::vector<Sample> samples;
  for (std::string line; std::getline(lines, line);) {
    if (line.starts_with("# "))
      samples.push_back({line.substr(2), {}});
    else if (!samples.empty())
      append(samples.back().octets, hex(line));
  }
  return samples;
}

std::string file_name(std::string_view header) {
  std::string file;
  for (const char c : header) {
    const auto letter = static_cast<unsigned char>(c);
    file += std::isalnum(letter) ? static_cast<char>(std::tolower(letter)) : '_';
  }
  return file;
}

}  // namespace mpsec::wire
