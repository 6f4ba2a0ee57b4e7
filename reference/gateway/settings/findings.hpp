// What reading a file finds wrong in it, or doubtful: all of it, each with its place.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/error.hpp"

namespace mpsec::gateway {

// Both count from 1; columns are characters.
struct Place {
  std::uint32_t line = 1, column = 1;
  auto operator<=>(const Place&) const = default;
};

class Findings {
 public:
  explicit Findings(std::string file) : file_(std::move(file)) {}

  void error(Place at, std::string why, std::string clause = {});
  // For what is lawful and most likely not meant.
  void warning(Place at, std::string why, std::string clause = {});
  std::size_t errors() const { return errors_.size(); }

  // In the order of the file, with paths "FILE:LINE:COLUMN".
  std::vector<Error> all_errors() const { return in_order(errors_); }
  std::vector<Error> all_warnings() const { return in_order(warnings_); }

 private:
  struct Finding {
    Place at;
    std::string why;
    std::string clause;
  };
  std::vector<Error> in_order(std::vector<Finding> findings) const;

  std::string file_;
  std::vector<Finding> errors_, warnings_;
};

// The text as an error may show it: visible ASCII, and not much of it.
std::string shown(std::string_view text);

// Those of the known words that `word` may have been meant for, the nearest first; at most three.
std::vector<std::string_view> near_words(std::string_view word, const std::vector<std::string_view>& known);
// "did you mean a or b?" where such are near, else "known are a, b, c".
std::string advice(std::string_view word, const std::vector<std::string_view>& known);

}  // namespace mpsec::gateway
