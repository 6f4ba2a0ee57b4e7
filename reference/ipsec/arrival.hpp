// The first look at a packet that came from the unprotected side: what it is, and for which SA.
#pragma once

#include <optional>
#include <utility>

#include "base/ip_address.hpp"
#include "ipsec/inbound_sa.hpp"
#include "ipsec/sad.hpp"

namespace mpsec::ipsec {

struct Arrival {
  enum class Kind : std::uint8_t {
    sealed,    // ESP or AH
    ike,       // on an IKE port; behind a non-ESP marker on the encapsulation port
    clear,     // anything else: for the policy of the unprotected side
    fragment,  // a part of a datagram that must be whole before more can be said
    discard,   // `discard` says why; keepalives too
  };
  Kind kind = Kind::discard;
  Discard discard = Discard::none;
  Spi spi;  // where sealed
};

// Looks at the packet in `buffer`, whose octets beyond the datagram's own length (link padding) are cut off.
// Where it is ESP or AH, `sealed` is filled but for its index. `encapsulation_port` is where ESP in UDP
// arrives (RFC 3948 2.1).
Arrival look_at(PacketBuffer& buffer, SealedPacket& sealed, std::uint16_t encapsulation_port = 4500) noexcept;

// Source and destination of an IP packet, if its fixed header is there.
std::optional<std::pair<IpAddress, IpAddress>> addresses_of(OctetView packet) noexcept;

// What the packet offers for the lookup of its SA.
InboundKey key_of(const SealedPacket& sealed, Spi spi) noexcept;

}  // namespace mpsec::ipsec
