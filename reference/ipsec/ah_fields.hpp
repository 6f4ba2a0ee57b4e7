// Which octets before AH its ICV covers as they are, which as zeros, and which as they will be at the far end
// (RFC 4302 3.3.3.1 and Appendix A).
#pragma once

#include <cstdint>
#include <expected>

#include "base/octets.hpp"
#include "ipsec/discard.hpp"

namespace mpsec::ipsec {

// Which end of the path the packet is at. What a source route will have done to an outgoing packet is
// foretold; an incoming one has it behind itself and is taken as it stands.
enum class AhRole : std::uint8_t { outgoing, incoming };

// Turns `head`, all the octets from the IP header up to AH, into the form that the ICV is computed over, in
// place. Returns how many octets at its front fell away: what the ICV covers begins behind them (8 where a
// fragment header had to be left out, else 0).
//
// Fails, with `head` half done, as
//   malformed_packet    a header, option or source route runs past its end or contradicts itself; `head` does
//                       not end where AH is announced
//   unsupported_ip_version
//   fragment_for_ipsec  a fragment header that is not of a whole packet
//   ah_unprocessable    a header that nobody has classified: a routing type other than 0 and 2, a second
//                       fragment header, options for all hops that are not in front, an unknown extension
std::expected<std::size_t, Discard> canonicalise(MutableOctets head, AhRole role) noexcept;

}  // namespace mpsec::ipsec
