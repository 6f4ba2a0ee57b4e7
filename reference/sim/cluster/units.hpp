// Times and rates as people write them.
#pragma once

#include <optional>
#include <string_view>

#include "base/clock.hpp"

namespace mpsec::sim {

// "250us", "1.5ms", "2s"; nothing where it is none, or longer than an hour.
std::optional<Duration> parse_duration(std::string_view text);
// "20Mbit/s", "64kbit/s", "1Gbit/s" as octets a second; nothing where it is none, or less than an octet a
// second.
std::optional<std::uint64_t> parse_rate(std::string_view text);

constexpr double milliseconds(Duration time) {
  return std::chrono::duration<double, std::milli>(time).count();
}
constexpr double seconds(Duration time) {
  return std::chrono::duration<double>(time).count();
}

}  // namespace mpsec::sim
