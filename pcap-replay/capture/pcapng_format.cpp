#include "pcap-replay/capture/pcapng_format.hpp"

#include <limits>

namespace mpsec::replay::pcapng {
namespace {

constexpr std::uint64_t nanoseconds = 1'000'000'000;

// Seconds and nanoseconds of `count` units.
struct Split {
  std::uint64_t seconds;
  std::uint64_t rest;
};

Split binary(std::uint64_t count, unsigned bits) {
  if (bits >= 64) return {0, 0};
  const std::uint64_t seconds = bits == 0 ? count : count >> bits;
  std::uint64_t fraction = bits == 0 ? 0 : count & ((std::uint64_t{1} << bits) - 1);
  // 2^34 * 10^9 still fits 64 bits; finer units than 2^-34 s are finer than a nanosecond.
  const unsigned excess = bits > 34 ? bits - 34 : 0;
  fraction >>= excess;
  return {seconds, fraction * nanoseconds >> (bits - excess)};
}

Split decimal(std::uint64_t count, unsigned exponent) {
  if (exponent > 19) return {0, 0};
  std::uint64_t units = 1;
  for (unsigned i = 0; i < exponent; ++i)
    units *= 10;
  std::uint64_t fraction = count % units;
  for (unsigned i = exponent; i < 9; ++i)
    fraction *= 10;
  for (unsigned i = 9; i < exponent; ++i)
    fraction /= 10;
  return {count / units, fraction};
}

}  // namespace

Instant TimeResolution::instant(std::uint64_t count) const {
  const Split split = (unit & 0x80) != 0 ? binary(count, unit & 0x7fu) : decimal(count, unit);
  constexpr auto furthest =
      std::numeric_limits<Duration::rep>::max() / static_cast<std::int64_t>(nanoseconds) - 1;
  const auto seconds = static_cast<std::int64_t>(std::min<std::uint64_t>(split.seconds, furthest));
  const auto offset = std::clamp<std::int64_t>(offset_seconds, -furthest, furthest);
  const auto whole = std::clamp<std::int64_t>(seconds + offset, -furthest, furthest);
  return Instant(std::chrono::seconds(whole) + Duration(static_cast<std::int64_t>(split.rest)));
}

}  // namespace mpsec::replay::pcapng
