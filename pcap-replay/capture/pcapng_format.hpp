// The numbers of pcapng files, for the reader and the writer: draft-ietf-opsawg-pcapng.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstring>

#include "base/clock.hpp"
#include "base/octets.hpp"

namespace mpsec::replay::pcapng {

// A Section Header Block begins with this, whatever the byte order.
inline constexpr int first_octet = 0x0a;

inline constexpr std::uint32_t section_header = 0x0a0d0d0a, interface_description = 1, packet = 2,
                               simple_packet = 3, enhanced_packet = 6;
inline constexpr std::uint32_t byte_order_magic = 0x1a2b3c4d;
inline constexpr std::uint16_t end_of_options = 0, comment = 1, interface_name = 2, time_resolution = 9,
                               time_offset = 14, hardware = 2, application = 4;

// Type, total length; the total length again behind the body.
inline constexpr std::size_t block_overhead = 12;
// No writer makes larger blocks; a larger length is damage, and not worth the memory it asks for.
inline constexpr std::uint32_t largest_block = 64u << 20;

struct BlockHeader {
  std::uint32_t type = 0;
  std::uint32_t length = 0;  // of the whole block
};

constexpr std::size_t padded(std::size_t octets) {
  return (octets + 3) / 4 * 4;
}

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
