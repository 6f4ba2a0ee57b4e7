#include "ipsec/upper_header.hpp"

#include <algorithm>

#include "wire/protocol.hpp"

namespace mpsec::ipsec {

std::size_t upper_header_octets(std::uint8_t protocol, OctetView rest) noexcept {
  const auto stated = [rest](std::size_t least, std::size_t at, auto&& octets) -> std::size_t {
    return rest.size() > at ? std::max<std::size_t>(least, octets(rest[at])) : least;
  };
  switch (protocol) {
    case wire::protocol::tcp:
      return stated(20, 12, [](unsigned offset) { return (offset >> 4) * 4; });
    case wire::protocol::ipv4:
      return stated(20, 0, [](unsigned version_and_ihl) { return (version_and_ihl & 0xf) * 4; });
    case wire::protocol::ah:
      return stated(12, 1, [](unsigned payload_length) { return (payload_length + 2) * 4; });
    case wire::protocol::ipv6:
      return wire::end_of<&wire::Ipv6Header::destination>;
    case wire::protocol::sctp:
      return 12;
    case wire::protocol::udp:
    case wire::protocol::esp:
      return 8;
    case wire::protocol::icmp:
    case wire::protocol::icmpv6:
      return 4;  // type, code and checksum are all that every message has
    default:
      return 0;
  }
}

}  // namespace mpsec::ipsec
