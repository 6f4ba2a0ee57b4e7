// RFC 791 3.1: one option of the Internet header.
#pragma once

#include "wire/schema.hpp"

namespace mpsec::wire {

// The type octets in use (IANA registry "IP Option Numbers").
namespace ipv4_option {
inline constexpr std::uint8_t end_of_list = 0, no_operation = 1, record_route = 7, mtu_probe = 11,
                              mtu_reply = 12, timestamp = 68, traceroute = 82, security = 130,
                              loose_source_route = 131, extended_security = 133, commercial_security = 134,
                              stream_id = 136, strict_source_route = 137, router_alert = 148,
                              sender_directed_delivery = 149;

// RFC 4302 A1: whether AH covers the option as it is; every other one it takes as zeros.
constexpr bool is_immutable(std::uint8_t type) noexcept {
  switch (type) {
    case end_of_list:
    case no_operation:
    case security:
    case extended_security:
    case commercial_security:
    case router_alert:
    case sender_directed_delivery:
      return true;
    default:
      return false;
  }
}
}  // namespace ipv4_option

// |C|Cls|  Number |    Length     |  Data ...
// One octet alone (End of Option List, No Operation), or type, length, data.
struct Ipv4Option {
  static constexpr std::string_view name = "Option", clause = "RFC 791 3.1";

  std::uint8_t type = ipv4_option::end_of_list;
  std::uint8_t length = 0;  // of the whole option, where there is one
  Octets data;

  bool copied() const { return (type & 0x80) != 0; }  // into every fragment
  std::uint8_t option_class() const { return type >> 5 & 3; }
  std::uint8_t number() const { return type & 0x1f; }
  bool has_length() const { return type != ipv4_option::end_of_list && type != ipv4_option::no_operation; }
  // What stands behind the end of the list is no option; it is kept as this last one's data.
  std::size_t data_octets(std::size_t left) const {
    if (type == ipv4_option::end_of_list) return left;
    return has_length() ? length - std::size_t{2} : 0;
  }
  bool operator==(const Ipv4Option&) const = default;

  static constexpr auto wire = Entries{
      field<&Ipv4Option::type>("Type"),
      when(&Ipv4Option::has_length, field<&Ipv4Option::length>("Length")),
      when(&Ipv4Option::has_length,
           check<&Ipv4Option::length>("Length", at_least(2), "type and length octet count too")),
      octets<&Ipv4Option::data>("Data", &Ipv4Option::data_octets),
  };
};

}  // namespace mpsec::wire
