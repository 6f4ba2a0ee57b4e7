// The numbers of pcapng files, for readers and writers: draft-ietf-opsawg-pcapng.
#pragma once

#include <cstddef>
#include <cstdint>

namespace mpsec::trace::pcapng {

inline constexpr std::uint32_t section_header = 0x0a0d0d0a, interface_description = 1, packet = 2,
                               simple_packet = 3, enhanced_packet = 6;
inline constexpr std::uint32_t byte_order_magic = 0x1a2b3c4d;
// Options: of every block, of sections, of interfaces, of enhanced packets.
inline constexpr std::uint16_t end_of_options = 0, comment = 1;
inline constexpr std::uint16_t hardware = 2, application = 4;
inline constexpr std::uint16_t interface_name = 2, time_resolution = 9, time_offset = 14;
inline constexpr std::uint16_t packet_flags = 2;

// Type, total length; the total length again behind the body.
inline constexpr std::size_t block_overhead = 12;

constexpr std::size_t padded(std::size_t octets) {
  return (octets + 3) / 4 * 4;
}

}  // namespace mpsec::trace::pcapng
