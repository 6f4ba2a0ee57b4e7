// What the security policy asks of a packet (RFC 4301 4.4.1.1), read once from its octets.
#pragma once

#include <array>
#include <cstdint>
#include <expected>
#include <string>
#include <string_view>

#include "base/ip_address.hpp"
#include "base/octets.hpp"
#include "ipsec/ecn.hpp"
#include "wire/header_walk.hpp"

namespace mpsec::ipsec {

// Which way a packet crosses the IPsec boundary (RFC 4301 3.1).
enum class Direction : std::uint8_t {
  outbound,  // protected to unprotected side: local = source, remote = destination
  inbound,   // unprotected to protected side: local = destination, remote = source
};

constexpr Direction opposite(Direction direction) {
  return direction == Direction::outbound ? Direction::inbound : Direction::outbound;
}

// An address as the number it stands for, either family; an IPv4 address in the low 32 bits.
__extension__ using AddressNumber = unsigned __int128;

constexpr AddressNumber number_of(const IpAddress& address) {
  return static_cast<AddressNumber>(address.high()) << 64 | address.low();
}
IpAddress address_of(AddressNumber number, IpVersion version);

// An IPv6 address as it stands in a header.
constexpr AddressNumber load_address_number(const std::uint8_t* octets) {
  return static_cast<AddressNumber>(load_be<std::uint64_t>(octets)) << 64 |
         load_be<std::uint64_t>(octets + 8);
}

// Values beyond the wire's range for a field that the packet does not show: a port in a non-initial
// fragment, a protocol behind an unread extension header (RFC 4301 4.4.1, "OPAQUE"). As plain numbers they
// make ANY the range 0..unavailable, OPAQUE the single value `unavailable`, and every match a range check.
inline constexpr std::uint32_t unavailable_port = 0x1'0000;
inline constexpr std::uint16_t unavailable_protocol = 0x100;

// Which fields a next layer protocol has for the "port" selectors (RFC 4301 4.4.1.1).
enum class NextLayerFields : std::uint8_t { none, ports, type_and_code, mobility_type };

NextLayerFields next_layer_fields(std::uint8_t protocol);

// ICMP type and code, and the Mobility Header type, stand at one side only: that of the packet's sender
// (RFC 4301 4.4.1.3 B-D). So the local "port" of an outbound message and the remote one of an inbound
// message hold it, and the other is unavailable.
constexpr bool has_sender_field_only(NextLayerFields fields) {
  return fields == NextLayerFields::type_and_code || fields == NextLayerFields::mobility_type;
}

// The selectors of one packet, seen from this side of the boundary. Small and flat: most of a cache line.
struct PacketSelectors {
  AddressNumber local = 0;
  AddressNumber remote = 0;
  std::uint32_t local_port = unavailable_port;   // or ICMP type * 256 + code, or MH type * 256
  std::uint32_t remote_port = unavailable_port;  // likewise
  std::uint16_t protocol = unavailable_protocol;
  IpVersion version = IpVersion::v4;
  Direction direction = Direction::outbound;
  std::uint8_t dscp = 0;                // no selector; chooses among SAs that match (RFC 4301 4.4.2.1)
  std::uint16_t next_layer_offset = 0;  // octets from the start of the packet to the next layer header
  std::uint16_t fragment_offset = 0;    // octets; 0 also for a packet that is no fragment

  constexpr bool is_non_initial_fragment() const { return fragment_offset != 0; }
  bool operator==(const PacketSelectors&) const = default;
};
static_assert(sizeof(PacketSelectors) <= 64);

// "outbound 17 192.0.2.1:500 -> 198.51.100.1:500": for audit records, not for the data path.
std::string to_string(const PacketSelectors& packet);

enum class MalformedPacket : std::uint8_t {
  header_cut_short,            // fewer octets than the fixed IP header
  unknown_version,             // neither 4 nor 6
  header_length_too_small,     // IPv4 IHL below 5
  length_beyond_packet,        // total or payload length says more octets than there are
  length_below_header,         // IPv4 total length ends inside the header
  extension_header_cut_short,  // an IPv6 extension header runs past the end
  next_layer_cut_short,        // not even the ports (type and code, MH type) are there
};
std::string_view to_string(MalformedPacket malformed);

// The IPv6 extension headers that are stepped over on the way to the next layer protocol.
class SkippedHeaders {
 public:
  //= rfc4301/4.4.1.1/extension-headers-to-skip-are-configurable
  // Hop-by-hop options, routing, fragment and destination options; AH and ESP count as next layers.
  constexpr SkippedHeaders() {
    for (const int number : {0, 43, 44, 60})
      set(static_cast<std::uint8_t>(number), true);
  }
  constexpr void set(std::uint8_t number, bool skipped) { skipped_[number] = skipped; }
  constexpr bool contains(std::uint8_t number) const { return skipped_[number]; }

 private:
  std::array<bool, 256> skipped_{};
};
inline constexpr SkippedHeaders default_skipped_headers;

// The selectors of the IPv4 or IPv6 packet at the start of `packet`; octets after its stated length are
// left alone (RFC 4303 2.7 puts TFC padding there). A field hidden by fragmentation is unavailable, not
// malformed. Time is linear in the number of extension headers; nothing is allocated.
std::expected<PacketSelectors, MalformedPacket> selectors_of(
    OctetView packet, Direction direction, const SkippedHeaders& skipped = default_skipped_headers);

// The quick way to the same for what most packets are: TCP or UDP right behind the fixed IP header, of which
// `head` tells (wire::plain_head).
inline bool has_plain_ports(OctetView packet, const wire::PlainHead& head) noexcept {
  constexpr std::size_t ports = 4;
  if (head.octets == 0 || head.total_length < head.octets + ports) return false;
  const std::uint8_t protocol = packet[head.protocol_at];
  return protocol == wire::protocol::udp || protocol == wire::protocol::tcp;
}
inline PacketSelectors plain_selectors(OctetView packet, const wire::PlainHead& head,
                                       Direction direction) noexcept {
  const std::uint8_t *at = packet.data(), *ports = at + head.octets;
  const bool v4 = head.version == IpVersion::v4;
  const AddressNumber source = v4 ? load_be<std::uint32_t>(at + 12) : load_address_number(at + 8);
  const AddressNumber destination = v4 ? load_be<std::uint32_t>(at + 16) : load_address_number(at + 24);
  const std::uint16_t from = load_be<std::uint16_t>(ports), to = load_be<std::uint16_t>(ports + 2);
  const bool outbound = direction == Direction::outbound;
  return {.local = outbound ? source : destination,
          .remote = outbound ? destination : source,
          .local_port = outbound ? from : to,
          .remote_port = outbound ? to : from,
          .protocol = at[head.protocol_at],
          .version = head.version,
          .direction = direction,
          .dscp = static_cast<std::uint8_t>(traffic_class_of(at) >> 2),
          .next_layer_offset = static_cast<std::uint16_t>(head.octets),
          .fragment_offset = 0};
}

// Either way. True if the packet was well-formed.
inline bool read_selectors(OctetView packet, Direction direction, PacketSelectors& out) noexcept {
  const wire::PlainHead head = wire::plain_head(packet);
  if (has_plain_ports(packet, head)) {
    out = plain_selectors(packet, head, direction);
    return true;
  }
  const auto read = selectors_of(packet, direction);
  if (read) out = *read;
  return read.has_value();
}

// The selectors of the packet quoted in an ICMP error that travels in `error_direction`. The quoted packet
// went the other way and is labelled so; seen from this side its addresses and ports are thereby already
// reversed as RFC 4301 6.2 asks. It may be cut short anywhere after the fixed IP header: a field that is
// cut off is unavailable.
std::expected<PacketSelectors, MalformedPacket> selectors_of_quoted(
    OctetView quoted, Direction error_direction, const SkippedHeaders& skipped = default_skipped_headers);

}  // namespace mpsec::ipsec
