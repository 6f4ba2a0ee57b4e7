// RFC 6564 4: the form every IPv6 extension header has that says nothing else of itself. Here for the headers
// the engine steps over without a look inside: Mobility (135), HIP (139), Shim6 (140).
#pragma once

#include "wire/schema.hpp"

namespace mpsec::wire {

// |  Next Header  |  Hdr Ext Len  |                               |
// |                     Header Specific Data                      |
struct Ipv6ExtensionHeader {
  std::uint8_t next_header = 0;
  std::uint8_t length = 0;  // in units of 8 octets, the first 8 not counted
  Octets data;

  std::size_t data_octets() const { return length * std::size_t{8} + 6; }
  bool operator==(const Ipv6ExtensionHeader&) const = default;

  static constexpr auto wire = Entries{
      field<&Ipv6ExtensionHeader::next_header>("Next Header"),
      field<&Ipv6ExtensionHeader::length>("Hdr Ext Len"),
      octets<&Ipv6ExtensionHeader::data>("Header Specific Data", &Ipv6ExtensionHeader::data_octets),
  };
};

struct MobilityHeader : Ipv6ExtensionHeader {
  static constexpr std::string_view name = "Mobility", clause = "RFC 6275 6.1.1";
  bool operator==(const MobilityHeader&) const = default;
};
struct HipHeader : Ipv6ExtensionHeader {
  static constexpr std::string_view name = "HIP", clause = "RFC 7401 5.1";
  bool operator==(const HipHeader&) const = default;
};
struct Shim6Header : Ipv6ExtensionHeader {
  static constexpr std::string_view name = "Shim6", clause = "RFC 5533 5.1";
  bool operator==(const Shim6Header&) const = default;
};

}  // namespace mpsec::wire
