// The numbers by which one header names the next: IPv4's Protocol, IPv6's Next Header, AH's and ESP's too
// (IANA registry "Assigned Internet Protocol Numbers").
#pragma once

#include <cstdint>

namespace mpsec::wire::protocol {

inline constexpr std::uint8_t hop_by_hop = 0, icmp = 1, ipv4 = 4, tcp = 6, udp = 17, ipv6 = 41, routing = 43,
                              fragment = 44, esp = 50, ah = 51, icmpv6 = 58, no_next_header = 59,
                              destination_options = 60, sctp = 132, mobility = 135, hip = 139, shim6 = 140;

// True for a header of RFC 8200 4 that only IPv6 has and that the walk towards the upper layer steps over.
// AH and ESP are not among them: RFC 4301 4.4.1.1 takes them as the next layer.
constexpr bool is_ipv6_extension(std::uint8_t number) {
  switch (number) {
    case hop_by_hop:
    case routing:
    case fragment:
    case destination_options:
    case mobility:
    case hip:
    case shim6:
      return true;
    default:
      return false;
  }
}

}  // namespace mpsec::wire::protocol
