// RFC 8200 3: the IPv6 header. Its extension headers: ipv6_options.hpp, ipv6_routing.hpp, ipv6_fragment.hpp,
// ipv6_extension.hpp, ah.hpp.
#pragma once

#include "wire/schema.hpp"

namespace mpsec::wire {

//  0                   1                   2                   3
// |Version| Traffic Class |           Flow Label                  |
// |         Payload Length        |  Next Header  |   Hop Limit   |
// |                        Source Address                         |
// |                       (four words in all)                     |
// |                      Destination Address                      |
// |                       (four words in all)                     |
struct Ipv6Header {
  static constexpr std::string_view name = "IPv6", clause = "RFC 8200 3";

  std::uint8_t version = 6;
  std::uint8_t dscp = 0;             // the traffic class: RFC 2474 3
  std::uint8_t ecn = 0;              // and RFC 3168 5
  std::uint32_t flow_label = 0;      // 20 bits
  std::uint16_t payload_length = 0;  // of all that follows this header, extension headers too
  std::uint8_t next_header = 0;
  std::uint8_t hop_limit = 64;
  std::array<std::uint8_t, 16> source{};
  std::array<std::uint8_t, 16> destination{};

  bool operator==(const Ipv6Header&) const = default;

  static constexpr auto wire = Entries{
      bits<std::uint32_t>(bit<4, &Ipv6Header::version>("Version"), bit<6, &Ipv6Header::dscp>("DSCP"),
                          bit<2, &Ipv6Header::ecn>("ECN"), bit<20, &Ipv6Header::flow_label>("Flow Label")),
      check<&Ipv6Header::version>("Version", exactly(6)),
      field<&Ipv6Header::payload_length>("Payload Length"),
      field<&Ipv6Header::next_header>("Next Header"),
      field<&Ipv6Header::hop_limit>("Hop Limit"),
      field<&Ipv6Header::source>("Source Address"),
      field<&Ipv6Header::destination>("Destination Address"),
  };
};

}  // namespace mpsec::wire
