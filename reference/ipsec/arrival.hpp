// The first look at a packet that came from the unprotected side: what it is, and for which SA.
#pragma once

#include "base/ip_address.hpp"
#include "ipsec/inbound_sa.hpp"
#include "ipsec/sad.hpp"

namespace mpsec::ipsec {

struct Arrival {
  enum class Kind : std::uint8_t {
    sealed,    // ESP or AH: `packet` and `key` are set
    ike,       // on an IKE port; behind a non-ESP marker on the encapsulation port
    clear,     // anything else: for the policy of the unprotected side
    fragment,  // a part of a datagram that must be whole before more can be said
    discard,   // `discard` says why; keepalives too
  };
  Kind kind = Kind::discard;
  Discard discard = Discard::none;
  SealedPacket packet;
  InboundKey key;
};

// Looks at the packet in `buffer`, whose octets beyond the datagram's own length (link padding) are cut off.
// `encapsulation_port` is where ESP in UDP arrives (RFC 3948 2.1).
Arrival look_at(PacketBuffer& buffer, std::uint16_t encapsulation_port = 4500) noexcept;

}  // namespace mpsec::ipsec
