#include "ipsec/decapsulation.hpp"

#include <cstring>

#include "ipsec/ecn.hpp"
#include "wire/checksum.hpp"
#include "wire/header_walk.hpp"
#include "wire/in_place.hpp"
#include "wire/protocol.hpp"

namespace mpsec::ipsec {

using wire::Ipv4Header;
using wire::Ipv6Header;

namespace {

void store_ecn(std::uint8_t* ip, Ecn ecn) {
  if (ip[0] >> 4 == 4) {
    const auto before = load_be<std::uint16_t>(ip);
    wire::store<&Ipv4Header::ecn>(ip, static_cast<std::uint8_t>(ecn));
    const auto checksum = wire::load<&Ipv4Header::checksum>(ip);
    wire::store<&Ipv4Header::checksum>(ip,
                                       wire::updated_checksum(checksum, before, load_be<std::uint16_t>(ip)));
  } else {
    wire::store<&Ipv6Header::ecn>(ip, static_cast<std::uint8_t>(ecn));
  }
}

}  // namespace

std::optional<std::uint32_t> walked_length(OctetView payload, IpVersion version) noexcept {
  const auto walk = wire::walk_headers(payload);
  return walk && walk->version == version ? std::optional(walk->total_length) : std::nullopt;
}

Discard merge_ecn(std::uint8_t* ip, Ecn inner, Ecn outer) noexcept {
  const EcnDecapsulation merged = decapsulated_ecn(inner, outer);
  if (merged.drop) return Discard::ecn_violation;
  if (merged.ecn != inner) store_ecn(ip, merged.ecn);
  return Discard::none;
}

void restore_transport(PacketBuffer& packet, std::uint32_t ip_octets, std::uint32_t next_at,
                       std::uint32_t payload_at, std::uint32_t octets, std::uint8_t next_header) noexcept {
  packet.resize(payload_at + octets);
  const std::uint32_t gap = payload_at - ip_octets;
  std::memmove(packet.data() + gap, packet.data(), ip_octets);
  packet.trim_front(gap);
  std::uint8_t* ip = packet.data();
  ip[next_at] = next_header;
  if (ip[0] >> 4 == 6) {
    wire::store<&Ipv6Header::payload_length>(ip, static_cast<std::uint16_t>(packet.size() - 40));
    return;
  }
  wire::store<&Ipv4Header::total_length>(ip, static_cast<std::uint16_t>(packet.size()));
  wire::store<&Ipv4Header::checksum>(ip, 0);
  const std::size_t header = wire::load<&Ipv4Header::ihl>(ip) * std::size_t{4};
  wire::store<&Ipv4Header::checksum>(ip, wire::internet_checksum({ip, header}));
}

}  // namespace mpsec::ipsec
