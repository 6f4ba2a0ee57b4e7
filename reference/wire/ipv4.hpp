// RFC 791 3.1: the Internet header.
#pragma once

#include "wire/schema.hpp"

namespace mpsec::wire {

// RFC 791 3.1, "Options": one octet alone (End of Option List, No Operation), or type, length, data.
struct Ipv4Option {
  static constexpr std::string_view name = "Option", clause = "RFC 791 3.1";
  static constexpr std::uint8_t end_of_list = 0, no_operation = 1;

  std::uint8_t type = end_of_list;  // copied flag (1 bit), class (2), number (5)
  std::uint8_t length = 0;          // of the whole option, where there is one
  Octets data;

  bool has_length() const { return type != end_of_list && type != no_operation; }
  bool operator==(const Ipv4Option&) const = default;

  static constexpr auto wire = std::tuple{
      field<&Ipv4Option::type>("Type"),
      when([](const auto& option) { return option.has_length(); }, field<&Ipv4Option::length>("Length")),
      check(
          "Length", [](const auto& option) { return !option.has_length() || option.length >= 2; },
          "an option's length counts its own type and length octets: need at least 2"),
      octets<&Ipv4Option::data>("Data", [](const auto& option, std::size_t left) {
        // What stands behind the end of the list is no option; it is kept as this last one's data.
        if (option.type == end_of_list) return left;
        return option.has_length() ? std::size_t{option.length} - 2 : 0;
      })};
};

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
  bool operator==(const Ipv4Header&) const = default;

  static constexpr auto wire = std::tuple{
      bits<std::uint8_t>(bit<4, &Ipv4Header::version>("Version"), bit<4, &Ipv4Header::ihl>("IHL")),
      check(
          "Version", [](const auto& header) { return header.version == 4; }, "expected version 4"),
      check(
          "IHL", [](const auto& header) { return header.ihl >= 5; }, "need at least 5 (20 octets)"),
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
      list<&Ipv4Header::options>("Options",
                                 [](const auto& header) { return (std::size_t{header.ihl} - 5) * 4; })};
};

}  // namespace mpsec::wire
