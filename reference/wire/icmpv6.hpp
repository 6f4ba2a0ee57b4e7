// RFC 4443: ICMPv6.
#pragma once

#include "wire/schema.hpp"

namespace mpsec::wire {

// |     Type      |     Code      |          Checksum             |
// and then, by type:
// |           Identifier          |        Sequence Number        |   echo request, echo reply
// |                             MTU                               |   packet too big
// |                            Pointer                            |   parameter problem
// |                             Unused                            |   destination unreachable, time exceeded
// |                    As much of invoking packet                 |   errors: other data; any other type has
// it at once
struct Icmpv6 {
  static constexpr std::string_view name = "ICMPv6", clause = "RFC 4443 2.1";
  static constexpr std::uint8_t destination_unreachable = 1, packet_too_big = 2, time_exceeded = 3,
                                parameter_problem = 4, echo_request = 128, echo_reply = 129;

  std::uint8_t type = echo_request;
  std::uint8_t code = 0;
  std::uint16_t checksum = 0;
  std::uint16_t identifier = 0;
  std::uint16_t sequence_number = 0;
  std::uint32_t mtu = 0;
  std::uint32_t pointer = 0;  // to the octet of the invoking packet that was the problem
  std::uint32_t unused = 0;
  Octets data;

  bool is_echo() const { return type == echo_request || type == echo_reply; }
  bool is_error() const { return type < 128; }
  bool is_too_big() const { return type == packet_too_big; }
  bool is_parameter_problem() const { return type == parameter_problem; }
  bool has_unused() const { return type == destination_unreachable || type == time_exceeded; }
  bool operator==(const Icmpv6&) const = default;

  static constexpr auto wire = Entries{
      field<&Icmpv6::type>("Type"),
      field<&Icmpv6::code>("Code"),
      field<&Icmpv6::checksum>("Checksum"),
      one_of(
          when(&Icmpv6::is_echo, bits<std::uint32_t>(bit<16, &Icmpv6::identifier>("Identifier"),
                                                     bit<16, &Icmpv6::sequence_number>("Sequence Number"))),
          when(&Icmpv6::is_too_big, field<&Icmpv6::mtu>("MTU")),
          when(&Icmpv6::is_parameter_problem, field<&Icmpv6::pointer>("Pointer")),
          when(&Icmpv6::has_unused, field<&Icmpv6::unused>("Unused"))),
      rest<&Icmpv6::data>("Data"),
  };
};

}  // namespace mpsec::wire
