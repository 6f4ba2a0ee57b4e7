#include "cluster/path_progress.hpp"

#include <algorithm>
#include <fmt/format.h>

namespace mpsec::cluster {

Result<> PathProgress::on_paths(std::span<const std::uint32_t> live) {
  const std::uint32_t highest = live.empty() ? 0 : *std::ranges::max_element(live);
  if (highest >= most_paths) {
    live_.clear();
    tops_.clear();
    return std::unexpected(Error{.blame = Blame::local_fault,
                                 .path = "reordering/paths",
                                 .offset = std::nullopt,
                                 .why = fmt::format("expected paths below {}, found {}", most_paths, highest),
                                 .clause = ""});
  }
  std::vector<std::uint64_t> tops(live.empty() ? 0 : std::size_t{highest} + 1);
  for (const std::uint32_t path : live_)
    if (path < tops.size()) tops[path] = tops_[path];
  std::vector<std::uint64_t> kept(tops.size());
  for (const std::uint32_t path : live)
    kept[path] = tops[path];
  live_.assign(live.begin(), live.end());
  tops_ = std::move(kept);
  witness_ = 0;
  return {};
}

bool PathProgress::no_other_below(std::uint64_t number) noexcept {
  std::size_t other = witness_;
  for (std::size_t asked = 1; asked < live_.size(); ++asked) {
    other = other + 1 == live_.size() ? 0 : other + 1;
    if (tops_[live_[other]] > number) continue;
    witness_ = other;
    return false;
  }
  return true;
}

}  // namespace mpsec::cluster
