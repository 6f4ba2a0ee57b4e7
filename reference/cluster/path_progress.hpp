// How far each path has come, where every path keeps the order of what it carries.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "base/error.hpp"

namespace mpsec::cluster {

// A path that keeps order and has delivered a number carries none below it any more. So a missing number is
// lost once every path that could have carried it has delivered a higher one.
class PathProgress {
 public:
  static constexpr std::uint32_t most_paths = 65536;

  // The paths on which packets may still come; all of them, or numbers are taken for lost that are not. A
  // path that was not among them before has delivered nothing. Refuses a path from most_paths on, and knows
  // of none then. Allocates.
  Result<> on_paths(std::span<const std::uint32_t> live);

  // Numbers of paths that were not named are ignored.
  void arrived(std::uint32_t path, std::uint64_t number) noexcept {
    if (path < tops_.size() && number > tops_[path]) tops_[path] = number;
  }

  // True if there are paths and each has delivered a number above `number`. Finds a path that has not, and
  // asks it first the next time: for numbers that rise, each path is asked about once a number at the worst.
  bool all_above(std::uint64_t number) noexcept {
    if (live_.empty() || tops_[live_[witness_]] <= number) return false;
    return no_other_below(number);
  }

  // The number below which nothing more comes on `path`; 0 if it has delivered nothing or is not known.
  std::uint64_t top(std::uint32_t path) const noexcept { return path < tops_.size() ? tops_[path] : 0; }
  std::span<const std::uint32_t> live() const noexcept { return live_; }

 private:
  bool no_other_below(std::uint64_t number) noexcept;

  std::vector<std::uint32_t> live_;
  std::vector<std::uint64_t> tops_;  // by path
  std::size_t witness_ = 0;          // position in live_
};

}  // namespace mpsec::cluster
