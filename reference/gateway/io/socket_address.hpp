// Our addresses as the system's socket addresses, and back.
#pragma once

#include <netinet/in.h>
#include <optional>
#include <sys/socket.h>

#include "base/datagram.hpp"

namespace mpsec::gateway {

// Room for an IPv4 or an IPv6 socket address.
union SocketAddress {
  sockaddr any;
  sockaddr_in v4;
  sockaddr_in6 v6;
};

// `interface` is the index that an IPv6 link-local address is meant at; others do without.
SocketAddress to_socket_address(const Endpoint& endpoint, unsigned interface = 0) noexcept;
inline socklen_t size_of(const SocketAddress& address) noexcept {
  return address.any.sa_family == AF_INET ? sizeof(sockaddr_in) : sizeof(sockaddr_in6);
}
// Nothing for an address of another family.
std::optional<Endpoint> to_endpoint(const SocketAddress& address) noexcept;

// 169.254/16 does not count: only IPv6 needs the interface too.
inline bool is_ipv6_link_local(const IpAddress& address) noexcept {
  return !address.is_v4() && address.high() >> 54 == 0xfe80u >> 6;
}
inline bool is_unspecified(const IpAddress& address) noexcept {
  return address.high() == 0 && address.low() == 0;
}
inline int family_of(const IpAddress& address) noexcept {
  return address.is_v4() ? AF_INET : AF_INET6;
}

}  // namespace mpsec::gateway
