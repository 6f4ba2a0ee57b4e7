// RFC 3948 2: what may follow the UDP header on the port that IKE and ESP share.
#pragma once

#include "wire/schema.hpp"

namespace mpsec::wire {

inline constexpr std::uint16_t ike_port = 500, ike_nat_traversal_port = 4500;

enum class UdpEncapsulated : std::uint8_t { esp, ike, keepalive, malformed };

// Tells the three forms apart by the first octets of the UDP payload; malformed is what is none of them.
constexpr UdpEncapsulated classify_udp_payload(OctetView payload) noexcept {
  //= rfc3948/2.3/keepalive-is-one-octet-0xff
  if (payload.size() == 1 && payload[0] == 0xff) return UdpEncapsulated::keepalive;
  if (payload.size() < 4) return UdpEncapsulated::malformed;
  //= rfc3948/2.1/spi-is-not-zero
  //= rfc3948/2.2/non-esp-marker-is-four-zero-octets
  return load_be<std::uint32_t>(payload.data()) == 0 ? UdpEncapsulated::ike : UdpEncapsulated::esp;
}

// RFC 3948 2.2: four zero octets where ESP would have its SPI; an IKE message follows.
struct NonEspMarker {
  static constexpr std::string_view name = "Non-ESP Marker", clause = "RFC 3948 2.2";
  std::uint32_t marker = 0;
  bool operator==(const NonEspMarker&) const = default;
  static constexpr auto wire = Entries{field<&NonEspMarker::marker>("Non-ESP Marker")};
};

// RFC 3948 2.3: one octet that keeps a NAT's mapping alive.
struct NatKeepalive {
  static constexpr std::string_view name = "NAT-Keepalive", clause = "RFC 3948 2.3";
  std::uint8_t octet = 0xff;
  bool operator==(const NatKeepalive&) const = default;
  static constexpr auto wire = Entries{field<&NatKeepalive::octet>("0xFF")};
};

}  // namespace mpsec::wire
