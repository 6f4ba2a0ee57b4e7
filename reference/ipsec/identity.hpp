// Who a peer says it is: the six kinds of names that SPD and PAD entries know (RFC 4301 4.4.1.1, 4.4.3.1) and
// IKE asserts (RFC 7296 3.5).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/error.hpp"
#include "base/ip_address.hpp"
#include "base/octets.hpp"

namespace mpsec::ipsec {

// The numbers are those of the IKEv2 ID Type.
enum class IdentityType : std::uint8_t {
  ipv4_address = 1,
  fqdn = 2,
  rfc822_address = 3,
  ipv6_address = 5,
  distinguished_name = 9,
  key_id = 11,
};
std::string_view to_string(IdentityType type);

// An identity as the ID payload carries it: four or sixteen octets of an address, the text of a name, the DER
// of a distinguished name, the octets of a key ID.
struct Identity {
  IdentityType type = IdentityType::key_id;
  Octets value;

  static Identity address(const IpAddress& address);
  static Identity fqdn(std::string_view name);
  static Identity rfc822(std::string_view address);
  static Identity key_id(OctetView octets);
  static Identity distinguished_name(OctetView der);

  // Of the two address types only, and of the right length.
  bool is_address() const;
  IpAddress to_address() const;
  std::string_view text() const { return {reinterpret_cast<const char*>(value.data()), value.size()}; }
  bool operator==(const Identity&) const = default;
};
// The text with whatever is not visible ASCII as "\\x0a".
std::string printable(std::string_view text);
// "fqdn gw.example.com", "key ID 0x6d79": fit for a log, whatever octets a peer has sent.
std::string to_string(const Identity& identity);

}  // namespace mpsec::ipsec
