#include "sim/cluster/units.hpp"

#include <charconv>
#include <cmath>
#include <span>

namespace mpsec::sim {
namespace {

struct Unit {
  std::string_view name;
  double factor;
};

// A number that is not negative, and one of the units behind it.
std::optional<double> parse_quantity(std::string_view text, std::span<const Unit> units) {
  double number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc{} || !std::isfinite(number) || number < 0 || std::signbit(number))
    return std::nullopt;
  const auto name = text.substr(static_cast<std::size_t>(end - text.data()));
  for (const Unit& unit : units)
    if (unit.name == name) return number * unit.factor;
  return std::nullopt;
}

}  // namespace

std::optional<Duration> parse_duration(std::string_view text) {
  static constexpr Unit units[] = {{"ns", 1}, {"us", 1e3}, {"ms", 1e6}, {"s", 1e9}};
  static constexpr double longest = 3600e9;
  const auto nanoseconds = parse_quantity(text, units);
  if (!nanoseconds || *nanoseconds > longest) return std::nullopt;
  return Duration(std::llround(*nanoseconds));
}

std::optional<std::uint64_t> parse_rate(std::string_view text) {
  static constexpr Unit units[] = {{"bit/s", 1}, {"kbit/s", 1e3}, {"Mbit/s", 1e6}, {"Gbit/s", 1e9}};
  static constexpr double fastest = 1e12;
  const auto bits = parse_quantity(text, units);
  if (!bits || *bits < 8 || *bits > fastest) return std::nullopt;
  return static_cast<std::uint64_t>(*bits / 8);
}

}  // namespace mpsec::sim
