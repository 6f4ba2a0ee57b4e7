// RFC 8200 4.4: the IPv6 routing header, and its type 0 (RFC 2460 4.4; RFC 5095 took it back, but AH knows
// it).
#pragma once

#include "wire/schema.hpp"

namespace mpsec::wire {

struct Ipv6Address {
  static constexpr std::string_view name = "Address", clause = "RFC 4291 2";
  std::array<std::uint8_t, 16> octets{};
  bool operator==(const Ipv6Address&) const = default;
  static constexpr auto wire = Entries{field<&Ipv6Address::octets>("Address")};
};

// |  Next Header  |  Hdr Ext Len  |  Routing Type | Segments Left |
// |                       type-specific data                      |
// and in type 0 as that data:
// |                            Reserved                           |
// |                      Address[1] ... Address[n]                |
struct RoutingHeader {
  static constexpr std::string_view name = "Routing", clause = "RFC 8200 4.4";
  static constexpr std::uint8_t source_route = 0, mobile_ipv6 = 2, rpl_source_route = 3, segment_routing = 4;

  std::uint8_t next_header = 0;
  std::uint8_t length = 0;  // in units of 8 octets, the first 8 not counted
  std::uint8_t routing_type = source_route;
  std::uint8_t segments_left = 0;
  std::uint32_t reserved = 0;          // type 0
  std::vector<Ipv6Address> addresses;  // type 0
  Octets data;                         // any other type

  bool is_source_route() const { return routing_type == source_route; }
  std::size_t addresses_octets() const { return length * std::size_t{8}; }
  std::size_t data_octets() const { return length * std::size_t{8} + 4; }
  bool operator==(const RoutingHeader&) const = default;

  static constexpr auto wire = Entries{
      field<&RoutingHeader::next_header>("Next Header"),
      field<&RoutingHeader::length>("Hdr Ext Len"),
      field<&RoutingHeader::routing_type>("Routing Type"),
      field<&RoutingHeader::segments_left>("Segments Left"),
      when(&RoutingHeader::is_source_route, field<&RoutingHeader::reserved>("Reserved")),
      one_of(when(&RoutingHeader::is_source_route,
                  list<&RoutingHeader::addresses>("Addresses", &RoutingHeader::addresses_octets)),
             octets<&RoutingHeader::data>("Type-Specific Data", &RoutingHeader::data_octets)),
  };
};

}  // namespace mpsec::wire
