// The first look at a packet that came from the unprotected side: what it is, and for which SA.
#pragma once

#include <optional>
#include <utility>

#include "base/ip_address.hpp"
#include "ipsec/inbound_sa.hpp"
#include "ipsec/sad.hpp"
#include "wire/esp.hpp"
#include "wire/header_walk.hpp"

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

// The quick way to the same for what most packets are: ESP right behind a plain IP header. Takes what
// wire::plain_head says of the packet.
inline bool is_plain_esp(const PacketBuffer& buffer, const wire::PlainHead& head) noexcept {
  return head.octets != 0 && buffer.data()[head.protocol_at] == wire::protocol::esp &&
         head.total_length - head.octets >= wire::end_of<&wire::Esp::sequence_number>;
}
inline SealedPacket plain_esp(PacketBuffer& buffer, const wire::PlainHead& head,
                              std::uint32_t index) noexcept {
  buffer.resize(head.total_length);
  return {.packet = buffer,
          .protected_at = head.octets,
          .ip_octets = head.octets,
          .next_at = head.protocol_at,
          .traffic_class = traffic_class_of(buffer.data()),
          .protocol = Protocol::esp,
          .udp = false,
          .index = index};
}

// Source and destination of an IP packet, if its fixed header is there.
std::optional<std::pair<IpAddress, IpAddress>> addresses_of(OctetView packet) noexcept;

// What the packet offers for the lookup of its SA.
InboundKey key_of(const SealedPacket& sealed, Spi spi) noexcept;

}  // namespace mpsec::ipsec
