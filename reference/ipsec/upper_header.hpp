// How long the header of an upper layer is: what the first fragment of a datagram must hold whole.
#pragma once

#include "wire/header_walk.hpp"

namespace mpsec::ipsec {

// Octets of the header that stands at the start of `rest`, by its own length field where it has one; `rest`
// may be shorter. A protocol that is not known here counts as having no header.
std::size_t upper_header_octets(std::uint8_t protocol, OctetView rest) noexcept;

// Whether the packet, a whole datagram or its first fragment, holds the header of its upper layer whole.
inline bool holds_upper_header(OctetView packet, const wire::HeaderWalk& walk) noexcept {
  const OctetView rest = packet.subspan(walk.upper_at, walk.upper_length());
  return upper_header_octets(walk.protocol, rest) <= rest.size();
}

}  // namespace mpsec::ipsec
