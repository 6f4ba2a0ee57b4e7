// RFC 8200 4.2, 4.3, 4.6: the two IPv6 extension headers that carry options.
#pragma once

#include "wire/schema.hpp"

namespace mpsec::wire {

// RFC 8200 4.2: what a node does with an option it does not know: the two highest bits of the type.
enum class UnknownOptionAction : std::uint8_t {
  skip = 0,
  discard = 1,
  discard_and_report = 2,             // ICMPv6 Parameter Problem, code 2
  discard_and_report_if_unicast = 3,  // the same, unless the destination is multicast
};

// |  Option Type  |  Opt Data Len |  Option Data ...
// Pad1 (type 0) is its type alone.
struct Ipv6Option {
  static constexpr std::string_view name = "Option", clause = "RFC 8200 4.2";
  static constexpr std::uint8_t pad1 = 0, pad_n = 1, tunnel_encapsulation_limit = 4, router_alert = 5,
                                jumbo_payload = 0xc2, home_address = 0xc9;

  std::uint8_t type = pad1;  // all eight bits name the option; three of them also speak:
  std::uint8_t length = 0;   // of the data, in octets
  Octets data;

  UnknownOptionAction action() const { return static_cast<UnknownOptionAction>(type >> 6); }
  // Whether routers may change the data. If so, AH takes it as zeros.
  //= rfc4302/A2/changeable-option-data-is-zero-for-the-icv
  bool may_change_en_route() const { return (type & 0x20) != 0; }
  bool has_length() const { return type != pad1; }
  std::size_t data_octets() const { return has_length() ? length : std::size_t{0}; }
  bool operator==(const Ipv6Option&) const = default;

  static constexpr auto wire = Entries{
      field<&Ipv6Option::type>("Option Type"),
      when(&Ipv6Option::has_length, field<&Ipv6Option::length>("Opt Data Len")),
      octets<&Ipv6Option::data>("Option Data", &Ipv6Option::data_octets),
  };
};

// |  Next Header  |  Hdr Ext Len  |                               |
// |                            Options                            |
struct Ipv6OptionsHeader {
  std::uint8_t next_header = 0;
  std::uint8_t length = 0;  // in units of 8 octets, the first 8 not counted
  std::vector<Ipv6Option> options;

  std::size_t options_octets() const { return length * std::size_t{8} + 6; }
  bool operator==(const Ipv6OptionsHeader&) const = default;

  static constexpr auto wire = Entries{
      field<&Ipv6OptionsHeader::next_header>("Next Header"),
      field<&Ipv6OptionsHeader::length>("Hdr Ext Len"),
      list<&Ipv6OptionsHeader::options>("Options", &Ipv6OptionsHeader::options_octets),
  };
};

// RFC 8200 4.3: looked at by nodes on the way; stands right behind the IPv6 header.
struct HopByHopOptions : Ipv6OptionsHeader {
  static constexpr std::string_view name = "Hop-by-Hop Options", clause = "RFC 8200 4.3";
  bool operator==(const HopByHopOptions&) const = default;
};

// RFC 8200 4.6: looked at by the destination, or by each node of a routing header that follows.
struct DestinationOptions : Ipv6OptionsHeader {
  static constexpr std::string_view name = "Destination Options", clause = "RFC 8200 4.6";
  bool operator==(const DestinationOptions&) const = default;
};

}  // namespace mpsec::wire
