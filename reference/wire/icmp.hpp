// RFC 792: ICMP for IPv4; the next-hop MTU is RFC 1191's.
#pragma once

#include "wire/schema.hpp"

namespace mpsec::wire {

// |     Type      |     Code      |          Checksum             |
// and then, by type:
// |           Identifier          |        Sequence Number        |   echo, echo reply
// |             unused            |         Next-Hop MTU          |   destination unreachable
// |    Pointer    |                   unused                      |   parameter problem
// |                            unused                             |   time exceeded, and any other
// |      Internet Header + 64 bits of Original Data Datagram      |   all but echo: other data
struct Icmp {
  static constexpr std::string_view name = "ICMP", clause = "RFC 792";
  static constexpr std::uint8_t echo_reply = 0, destination_unreachable = 3, echo = 8, time_exceeded = 11,
                                parameter_problem = 12;
  static constexpr std::uint8_t fragmentation_needed = 4;  // a code of destination unreachable

  std::uint8_t type = echo;
  std::uint8_t code = 0;
  std::uint16_t checksum = 0;
  std::uint16_t identifier = 0;
  std::uint16_t sequence_number = 0;
  std::uint16_t next_hop_mtu = 0;  // where fragmentation was needed (RFC 1191 4); 0 from old routers
  std::uint8_t pointer = 0;        // to the octet that was the problem
  std::uint32_t unused = 0;        // 32 bits, 24 beside a pointer, 16 beside an MTU
  Octets data;

  bool is_echo() const { return type == echo || type == echo_reply; }
  bool is_unreachable() const { return type == destination_unreachable; }
  bool is_parameter_problem() const { return type == parameter_problem; }
  bool operator==(const Icmp&) const = default;

  static constexpr auto wire = Entries{
      field<&Icmp::type>("Type"),
      field<&Icmp::code>("Code"),
      field<&Icmp::checksum>("Checksum"),
      one_of(when(&Icmp::is_echo, bits<std::uint32_t>(bit<16, &Icmp::identifier>("Identifier"),
                                                      bit<16, &Icmp::sequence_number>("Sequence Number"))),
             when(&Icmp::is_unreachable, bits<std::uint32_t>(bit<16, &Icmp::unused>("unused"),
                                                             bit<16, &Icmp::next_hop_mtu>("Next-Hop MTU"))),
             when(&Icmp::is_parameter_problem,
                  bits<std::uint32_t>(bit<8, &Icmp::pointer>("Pointer"), bit<24, &Icmp::unused>("unused"))),
             field<&Icmp::unused>("unused")),
      rest<&Icmp::data>("Data"),
  };
};

}  // namespace mpsec::wire
