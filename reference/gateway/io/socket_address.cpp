#include "gateway/io/socket_address.hpp"

#include <cstring>

namespace mpsec::gateway {

SocketAddress to_socket_address(const Endpoint& endpoint, unsigned interface) noexcept {
  SocketAddress result;
  std::memset(&result, 0, sizeof result);
  const OctetView octets = endpoint.address.octets();
  if (endpoint.address.is_v4()) {
    result.v4.sin_family = AF_INET;
    result.v4.sin_port = htons(endpoint.port);
    std::memcpy(&result.v4.sin_addr, octets.data(), octets.size());
  } else {
    result.v6.sin6_family = AF_INET6;
    result.v6.sin6_port = htons(endpoint.port);
    std::memcpy(&result.v6.sin6_addr, octets.data(), octets.size());
    if (is_ipv6_link_local(endpoint.address)) result.v6.sin6_scope_id = interface;
  }
  return result;
}

std::optional<Endpoint> to_endpoint(const SocketAddress& address) noexcept {
  if (address.any.sa_family == AF_INET) {
    return Endpoint{IpAddress::v4(reinterpret_cast<const std::uint8_t*>(&address.v4.sin_addr)),
                    ntohs(address.v4.sin_port)};
  }
  if (address.any.sa_family == AF_INET6)
    return Endpoint{IpAddress::v6(address.v6.sin6_addr.s6_addr), ntohs(address.v6.sin6_port)};
  return std::nullopt;
}

}  // namespace mpsec::gateway
