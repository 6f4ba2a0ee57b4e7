// What the parts of the text report share.
#pragma once

#include <algorithm>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <iterator>
#include <span>
#include <string>
#include <string_view>

#include "pcap-replay/capture/frame_list.hpp"

namespace mpsec::replay {

// Lines "  name        text", the names under one another.
class Lines {
 public:
  explicit Lines(std::string& to) : to_(to) {}

  void add(std::string_view name, std::string_view text) {
    fmt::format_to(std::back_inserter(to_), "  {:<12} {}\n", name, text);
  }

 private:
  std::string& to_;
};

inline std::string plural(std::uint64_t count, std::string_view noun) {
  return fmt::format("{} {}{}", count, noun, count == 1 ? "" : "s");
}

inline std::string frames_shown(const FrameList& frames) {
  constexpr std::size_t most_frames_shown = 10;
  const std::size_t shown = std::min(frames.kept().size(), most_frames_shown);
  const auto first = std::span(frames.kept()).first(shown);
  const std::string more = frames.count() > shown ? fmt::format(" and {} more", frames.count() - shown) : "";
  return fmt::format("frame{} {}{}", frames.count() == 1 ? "" : "s", fmt::join(first, ", "), more);
}

}  // namespace mpsec::replay
