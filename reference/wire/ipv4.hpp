// RFC 791 3.1: the Internet header.
#pragma once

#include "wire/ipv4_option.hpp"
#include "wire/schema.hpp"

namespace mpsec::wire {

//  0                   1                   2                   3
// |Version|  IHL  |Type of Service|          Total Length         |
// |         Identification        |Flags|      Fragment Offset    |
// |  Time to Live |    Protocol   |         Header Checksum       |
// |                       Source Address                          |
// |                    Destination Address                        |
// |                    Options                    |    Padding    |
struct Ipv4Header {
  static constexpr std::string_view name = "IPv4", clause = "RFC 791 3.1";

  std::uint8_t version = 4;
  std::uint8_t ihl = 5;   // header length in units of 4 octets
  std::uint8_t dscp = 0;  // RFC 2474 3
  std::uint8_t ecn = 0;   // RFC 3168 5
  std::uint16_t total_length = 0;
  std::uint16_t identification = 0;
  std::uint8_t flags = 0;             // reserved, DF, MF
  std::uint16_t fragment_offset = 0;  // in units of 8 octets
  std::uint8_t ttl = 64;
  std::uint8_t protocol = 0;
  std::uint16_t checksum = 0;
  std::array<std::uint8_t, 4> source{};
  std::array<std::uint8_t, 4> destination{};
  std::vector<Ipv4Option> options;

  static constexpr std::uint8_t dont_fragment = 2, more_fragments = 1;
  std::size_t options_octets() const { return (ihl - std::size_t{5}) * 4; }
  bool operator==(const Ipv4Header&) const = default;

  static constexpr auto wire = Entries{
      bits<std::uint8_t>(bit<4, &Ipv4Header::version>("Version"), bit<4, &Ipv4Header::ihl>("IHL")),
      check<&Ipv4Header::version>("Version", exactly(4)),
      check<&Ipv4Header::ihl>("IHL", at_least(5), "20 octets are fixed"),
      bits<std::uint8_t>(bit<6, &Ipv4Header::dscp>("DSCP"), bit<2, &Ipv4Header::ecn>("ECN")),
      field<&Ipv4Header::total_length>("Total Length"),
      field<&Ipv4Header::identification>("Identification"),
      bits<std::uint16_t>(bit<3, &Ipv4Header::flags>("Flags"),
                          bit<13, &Ipv4Header::fragment_offset>("Fragment Offset")),
      field<&Ipv4Header::ttl>("Time to Live"),
      field<&Ipv4Header::protocol>("Protocol"),
      field<&Ipv4Header::checksum>("Header Checksum"),
      field<&Ipv4Header::source>("Source Address"),
      field<&Ipv4Header::destination>("Destination Address"),
      list<&Ipv4Header::options>("Options", &Ipv4Header::options_octets),
  };
};

}  // namespace mpsec::wire
