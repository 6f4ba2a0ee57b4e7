// Echo requests between inner hosts: what shows that a tunnel works, or that a packet was not delivered.
#pragma once

#include <optional>

#include "base/ip_address.hpp"

namespace mpsec::conformance {

// One echo request or reply, told apart by `mark`.
struct Ping {
  IpAddress from, to;
  std::uint32_t mark = 0;
  bool reply = false;
  std::size_t octets = 56;  // of data

  bool operator==(const Ping&) const = default;
};
// A whole IPv4 or IPv6 packet. Its checksums are right.
Octets to_packet(const Ping& ping);
// Nothing: it is no echo request or reply that is whole.
std::optional<Ping> to_ping(OctetView packet);
// What its host sends back: the same data, the other way.
std::optional<Octets> answer_to(OctetView packet);

}  // namespace mpsec::conformance
