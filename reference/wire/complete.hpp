// The separate, explicit step that makes a packet right: it fills in what follows from the rest. The codec
// never does so by itself, so that a packet is as wrong as its maker wants until this is called.
#pragma once

#include "wire/packet.hpp"

namespace mpsec::wire {

// Sets in every layer of `packet`
//   - header lengths (IHL, Hdr Ext Len, Payload Len, Data Offset) and lengths of options from what is there;
//     options, opaque headers and ICVs get the padding that a length in words needs,
//   - the protocol or next header from the layer behind it, where a number names that,
//   - Total Length, Payload Length and UDP's Length from the octets up to the end of the layer's content: all
//   that
//     follows but the Trailing that stands behind the layer,
//   - checksums of IPv4, ICMP, ICMPv6, UDP and TCP. UDP that encapsulates ESP in IPv4 sends none (RFC
//   3948 2.1).
// Left alone: ICVs, SCTP's CRC, and in fragments, which hold only a part of what they count, UDP's length and
// the checksums above IP. A number too big for its field is not put there either; the result names the first
// such field (local fault).
Result<> complete(Packet& packet);

}  // namespace mpsec::wire
