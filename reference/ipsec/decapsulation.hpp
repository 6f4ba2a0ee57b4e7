// From an opened packet to the clear IP packet in it.
#pragma once

#include <optional>

#include "ipsec/discard.hpp"
#include "ipsec/ecn.hpp"
#include "ipsec/packet_buffer.hpp"
#include "ipsec/sa.hpp"
#include "wire/header_walk.hpp"

namespace mpsec::ipsec {

// What take_inner leaves to be done for packets that are not plain or whose marks differ: the length of the
// IP packet of that version at the front of `payload`, if there is one; the mark of RFC 6040 4.2.
std::optional<std::uint32_t> walked_length(OctetView payload, IpVersion version) noexcept;
Discard merge_ecn(std::uint8_t* ip, Ecn inner, Ecn outer) noexcept;

// Tunnel mode: leaves the inner packet, which starts at `at` and has at most `octets`, in `packet`. What
// follows it is TFC padding. `head` is what wire::plain_head says of it. `outer_traffic_class` gives the
// inner packet its congestion mark.
inline Discard take_inner(PacketBuffer& packet, std::uint32_t at, std::uint32_t octets,
                          const wire::PlainHead& head, std::uint8_t next_header,
                          std::uint8_t outer_traffic_class) noexcept {
  const IpVersion version = next_header == wire::protocol::ipv4 ? IpVersion::v4 : IpVersion::v6;
  std::uint32_t length = head.total_length;
  if (head.octets == 0) {
    const auto walked = walked_length({packet.data() + at, octets}, version);
    if (!walked) return Discard::inner_malformed;
    length = *walked;
  } else if (head.version != version) {
    return Discard::inner_malformed;
  }
  //= rfc4303/2.7/receiver-drops-what-follows-the-inner-packet
  packet.narrow(at, length);
  std::uint8_t* ip = packet.data();
  const auto inner = static_cast<Ecn>(traffic_class_of(ip) & 3),
             outer = static_cast<Ecn>(outer_traffic_class & 3);
  return inner == outer ? Discard::none : merge_ecn(ip, inner, outer);
}
static_assert(decapsulated_ecn(Ecn::not_ect, Ecn::not_ect) == EcnDecapsulation{Ecn::not_ect} &&
                  decapsulated_ecn(Ecn::ect_0, Ecn::ect_0) == EcnDecapsulation{Ecn::ect_0} &&
                  decapsulated_ecn(Ecn::ect_1, Ecn::ect_1) == EcnDecapsulation{Ecn::ect_1} &&
                  decapsulated_ecn(Ecn::ce, Ecn::ce) == EcnDecapsulation{Ecn::ce},
              "two equal marks stay as they are");

// Transport mode: closes the gap between the IP headers (`ip_octets` at the front) and the payload (`octets`
// at `payload_at`), and mends lengths, the octet at `next_at`, and the IPv4 checksum.
void restore_transport(PacketBuffer& packet, std::uint32_t ip_octets, std::uint32_t next_at,
                       std::uint32_t payload_at, std::uint32_t octets, std::uint8_t next_header) noexcept;

}  // namespace mpsec::ipsec
