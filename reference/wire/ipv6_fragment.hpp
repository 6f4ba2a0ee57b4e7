// RFC 8200 4.5: the IPv6 fragment header.
#pragma once

#include "wire/schema.hpp"

namespace mpsec::wire {

// |  Next Header  |   Reserved    |      Fragment Offset    |Res|M|
// |                         Identification                        |
struct FragmentHeader {
  static constexpr std::string_view name = "Fragment", clause = "RFC 8200 4.5";

  std::uint8_t next_header = 0;
  std::uint8_t reserved = 0;
  std::uint16_t fragment_offset = 0;  // in units of 8 octets
  std::uint8_t reserved2 = 0;
  std::uint8_t more_fragments = 0;
  std::uint32_t identification = 0;

  bool operator==(const FragmentHeader&) const = default;

  static constexpr auto wire = Entries{
      field<&FragmentHeader::next_header>("Next Header"),
      field<&FragmentHeader::reserved>("Reserved"),
      bits<std::uint16_t>(bit<13, &FragmentHeader::fragment_offset>("Fragment Offset"),
                          bit<2, &FragmentHeader::reserved2>("Res"),
                          bit<1, &FragmentHeader::more_fragments>("M")),
      field<&FragmentHeader::identification>("Identification"),
  };
};

}  // namespace mpsec::wire
