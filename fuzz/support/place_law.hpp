// What holds for every error of a file.
#pragma once

#include <algorithm>
#include <charconv>
#include <string_view>

#include "base/error.hpp"
#include "support/require.hpp"

namespace mpsec::fuzz {

// "input:LINE:COLUMN" with a line that the text has.
inline void require_place(const Error& error, std::string_view text) {
  const auto lines = static_cast<std::size_t>(std::ranges::count(text, '\n')) + 1;
  const std::string_view place =
      std::string_view(error.path).substr(std::min<std::size_t>(error.path.size(), 6));
  std::size_t line = 0;
  std::from_chars(place.data(), place.data() + place.size(), line);
  require(error.path.starts_with("input:") && line >= 1 && line <= lines,
          "an error names a line of the file");
}

}  // namespace mpsec::fuzz
