#include "base/ip_address.hpp"

#include <arpa/inet.h>
#include <cstdlib>

namespace mpsec {

Result<IpAddress> IpAddress::parse(std::string_view text) {
  const std::string terminated(text);
  std::array<std::uint8_t, 16> octets{};
  if (inet_pton(AF_INET, terminated.c_str(), octets.data()) == 1) return v4(octets.data());
  if (inet_pton(AF_INET6, terminated.c_str(), octets.data()) == 1) return v6(octets.data());
  return std::unexpected(
      Error{.blame = Blame::malformed,
            .path = "IP address",
            .offset = std::nullopt,
            .why = "expected an address such as 192.0.2.1 or 2001:db8::1, found '" + terminated + "'",
            .clause = {}});
}

std::string to_string(const IpAddress& address) {
  char text[INET6_ADDRSTRLEN] = {};
  inet_ntop(address.is_v4() ? AF_INET : AF_INET6, address.octets().data(), text, sizeof text);
  return text;
}

IpAddress ip(std::string_view literal) {
  const auto address = IpAddress::parse(literal);
  if (!address) std::abort();
  return *address;
}

}  // namespace mpsec
