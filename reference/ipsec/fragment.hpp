// Cutting a datagram to the path (RFC 791 3.2, RFC 8200 4.5): before protection, to keep what is protected
// whole, or after it.
#pragma once

#include <expected>
#include <vector>

#include "ipsec/discard.hpp"
#include "ipsec/packet_buffer.hpp"

namespace mpsec::ipsec {

// The pieces, from the front; the datagram itself as the only one if it fits. Or why not:
//   packet_too_big    it is larger than `mtu` and may not be cut (DF; an IPv6 fragment, which only its source
//                     could have cut smaller), or `mtu` has no room for the headers and 8 octets
//   malformed_packet  the headers or their lengths are wrong
// Octets behind the datagram's stated length are not part of it.
using Fragments = std::expected<std::vector<HeldPacket>, Discard>;

// `datagram` may be a fragment itself. Its Identification goes into every piece, so the source has given it
// one of its own; options without the copied flag go into the first piece only.
Fragments fragment_ipv4(OctetView datagram, std::size_t mtu);

// `identification`: not used lately from this source to this destination. The extension headers up to the
// routing header (without one, the hop-by-hop options) go into every piece; the others and the upper-layer
// header go into the first, and have room in it.
Fragments fragment_ipv6(OctetView datagram, std::size_t mtu, std::uint32_t identification);

// Either, by the version; unsupported_ip_version for another.
Fragments fragment(OctetView datagram, std::size_t mtu, std::uint32_t identification);

}  // namespace mpsec::ipsec
