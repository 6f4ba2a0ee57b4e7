// Cutting a datagram to the path (RFC 791 3.2, RFC 8200 4.5): before protection, to keep what is protected
// whole, or after it.
#pragma once

#include <expected>
#include <vector>

#include "ipsec/discard.hpp"
#include "ipsec/packet_buffer.hpp"

namespace mpsec::ipsec {

using Fragments = std::expected<std::vector<HeldPacket>, Discard>;

// The pieces of the datagram at the start of `packet`, from the front; the datagram itself as the only one if
// it fits in `mtu` octets. Or why not:
//   packet_too_big          it may not be cut (DF; an IPv6 fragment, which only its source could have cut
//                           smaller), or `mtu` has no room for the headers and 8 octets
//   malformed_packet        the headers or their lengths are wrong
//   unsupported_ip_version  neither 4 nor 6
// Octets behind the datagram's stated length are not part of it.
//
// IPv4: the datagram may be a fragment itself. Its Identification goes into every piece, so its source has
// given it one of its own. Options without the copied flag go into the first piece only.
//
// IPv6: `identification` was not used lately between these two addresses. The headers up to the routing
// header (without one, up to the hop-by-hop options) go into every piece; the other extension headers and the
// upper-layer header go into the first, and have room in it.
Fragments fragment(OctetView packet, std::size_t mtu, std::uint32_t identification);

}  // namespace mpsec::ipsec
