// From an opened packet to the clear IP packet in it.
#pragma once

#include "ipsec/discard.hpp"
#include "ipsec/packet_buffer.hpp"
#include "ipsec/sa.hpp"

namespace mpsec::ipsec {

// Tunnel mode: leaves the inner packet, which starts at `at` and has at most `octets`, in `packet`. What
// follows it is TFC padding. `outer_traffic_class` gives the inner packet its congestion mark (RFC 6040 4.2).
Discard take_inner(PacketBuffer& packet, std::uint32_t at, std::uint32_t octets, std::uint8_t next_header,
                   std::uint8_t outer_traffic_class) noexcept;

// Transport mode: closes the gap between the IP headers (`ip_octets` at the front) and the payload (`octets`
// at `payload_at`), and mends lengths, the octet at `next_at`, and the IPv4 checksum.
void restore_transport(PacketBuffer& packet, std::uint32_t ip_octets, std::uint32_t next_at,
                       std::uint32_t payload_at, std::uint32_t octets, std::uint8_t next_header) noexcept;

}  // namespace mpsec::ipsec
