// RFC 768: the UDP header.
#pragma once

#include "wire/schema.hpp"

namespace mpsec::wire {

// |          Source Port          |       Destination Port        |
// |            Length             |           Checksum            |
struct UdpHeader {
  static constexpr std::string_view name = "UDP", clause = "RFC 768";

  std::uint16_t source_port = 0;
  std::uint16_t destination_port = 0;
  std::uint16_t length = 8;    // of header and data, in octets
  std::uint16_t checksum = 0;  // 0: the sender made none

  bool operator==(const UdpHeader&) const = default;

  static constexpr auto wire = Entries{
      field<&UdpHeader::source_port>("Source Port"),
      field<&UdpHeader::destination_port>("Destination Port"),
      field<&UdpHeader::length>("Length"),
      check<&UdpHeader::length>("Length", at_least(8), "the header counts too"),
      field<&UdpHeader::checksum>("Checksum"),
  };
};

}  // namespace mpsec::wire
