// UDP datagrams as the engine takes and gives them: a value, whoever carries it.
#pragma once

#include <compare>
#include <cstdint>
#include <string>

#include "base/ip_address.hpp"
#include "base/octets.hpp"

namespace mpsec {

// One end of a UDP conversation. Ordered by address, then port.
struct Endpoint {
  IpAddress address;
  std::uint16_t port = 0;

  auto operator<=>(const Endpoint&) const = default;
};

// "192.0.2.1:500", "[2001:db8::1]:4500"
std::string to_string(const Endpoint& endpoint);

// One UDP datagram, seen from our side: sent from `local` to `remote`, or received at `local` from `remote`.
struct Datagram {
  Endpoint local;
  Endpoint remote;
  Octets octets{};  // the UDP payload as on the wire: on port 4500 with the non-ESP marker, if any

  bool operator==(const Datagram&) const = default;
};

}  // namespace mpsec
