// What reading pcapng files takes beyond their numbers: draft-ietf-opsawg-pcapng.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstring>

#include "base/clock.hpp"
#include "base/octets.hpp"
#include "trace/files/pcapng_format.hpp"

namespace mpsec::replay::pcapng {

using namespace trace::pcapng;

// A Section Header Block begins with this, whatever the byte order.
inline constexpr int first_octet = 0x0a;

// No writer makes larger blocks; a larger length is damage, and not worth the memory it asks for.
inline constexpr std::uint32_t largest_block = 64u << 20;

struct BlockHeader {
  std::uint32_t type = 0;
  std::uint32_t length = 0;  // of the whole block
};

template <class Number>
Number load(const std::uint8_t* from, bool big_endian) {
  if (big_endian) return load_be<Number>(from);
  std::array<std::uint8_t, sizeof(Number)> octets;
  std::reverse_copy(from, from + sizeof(Number), octets.begin());
  return load_be<Number>(octets.data());
}

// How an interface counts time.
struct TimeResolution {
  std::uint8_t unit = 6;  // 10^-unit seconds; with the top bit set 2^-(unit & 127)
  std::int64_t offset_seconds = 0;

  // The time since 1970; the nearest that fits where it does not.
  Instant instant(std::uint64_t count) const;
};

}  // namespace mpsec::replay::pcapng
