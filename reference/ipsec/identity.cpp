#include "ipsec/identity.hpp"

#include <cassert>
#include <fmt/format.h>

#include "ipsec/distinguished_name.hpp"

namespace mpsec::ipsec {
namespace {

Octets octets_of(std::string_view text) {
  return {text.begin(), text.end()};
}

}  // namespace

std::string printable(std::string_view text) {
  std::string result;
  for (const char c : text) {
    if (c >= ' ' && c <= '~' && c != '\\')
      result += c;
    else
      result += fmt::format("\\x{:02x}", static_cast<unsigned char>(c));
  }
  return result;
}

std::string_view to_string(IdentityType type) {
  switch (type) {
    case IdentityType::ipv4_address:
      return "IPv4 address";
    case IdentityType::fqdn:
      return "fqdn";
    case IdentityType::rfc822_address:
      return "RFC 822 address";
    case IdentityType::ipv6_address:
      return "IPv6 address";
    case IdentityType::distinguished_name:
      return "distinguished name";
    case IdentityType::key_id:
      return "key ID";
  }
  return "unknown";
}

Identity Identity::address(const IpAddress& address) {
  const OctetView octets = address.octets();
  return {address.is_v4() ? IdentityType::ipv4_address : IdentityType::ipv6_address,
          {octets.begin(), octets.end()}};
}
Identity Identity::fqdn(std::string_view name) {
  return {IdentityType::fqdn, octets_of(name)};
}
Identity Identity::rfc822(std::string_view address) {
  return {IdentityType::rfc822_address, octets_of(address)};
}
Identity Identity::key_id(OctetView octets) {
  return {IdentityType::key_id, {octets.begin(), octets.end()}};
}
Identity Identity::distinguished_name(OctetView der) {
  return {IdentityType::distinguished_name, {der.begin(), der.end()}};
}

bool Identity::is_address() const {
  return (type == IdentityType::ipv4_address && value.size() == 4) ||
         (type == IdentityType::ipv6_address && value.size() == 16);
}

IpAddress Identity::to_address() const {
  assert(is_address());
  return value.size() == 4 ? IpAddress::v4(value.data()) : IpAddress::v6(value.data());
}

std::string to_string(const Identity& identity) {
  const std::string kind(to_string(identity.type));
  if (identity.is_address()) return kind + " " + to_string(identity.to_address());
  if (identity.type == IdentityType::fqdn || identity.type == IdentityType::rfc822_address)
    return kind + " " + printable(identity.text());
  if (identity.type == IdentityType::distinguished_name) {
    if (const auto name = DistinguishedName::read(identity.value)) return kind + " " + to_string(*name);
  }
  return kind + " 0x" + to_hex(identity.value);
}

}  // namespace mpsec::ipsec
