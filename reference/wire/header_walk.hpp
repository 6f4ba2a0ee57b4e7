// The packet path's look at an IP packet where it lies: how long it is, where the upper layer starts, whether
// it is a fragment. No allocation, no exception; every octet read is checked to be there.
#pragma once

#include <expected>
#include <optional>

#include "base/ip_address.hpp"
#include "wire/in_place.hpp"
#include "wire/ipv4.hpp"
#include "wire/ipv6.hpp"
#include "wire/protocol.hpp"

namespace mpsec::wire {

enum class WalkError : std::uint8_t {
  empty,                // no octet at all
  wrong_version,        // neither 4 nor 6
  truncated_header,     // fewer octets than the IP header has
  bad_header_length,    // IPv4: an IHL below 5, or a header longer than the packet
  bad_total_length,     // the length field claims more octets than there are
  truncated_extension,  // an IPv6 extension header reaches beyond the packet
  too_many_extensions,  // more IPv6 extension headers than max_extensions
};

std::string_view to_string(WalkError error);

// What the walk found. Places are octets from the start of the packet; the accessors read nothing twice.
struct HeaderWalk {
  static constexpr int max_extensions = 16;

  IpVersion version = IpVersion::v4;
  std::uint8_t protocol = 0;  // of the upper layer; ESP, AH and No Next Header are upper layers here
  bool more_fragments = false;
  bool dont_fragment = false;      // IPv6: always
  std::uint32_t total_length = 0;  // of the packet by its own word; octets may follow (link padding)
  std::uint32_t upper_at = 0;      // where the upper layer starts: behind the last header walked over
  std::uint32_t protocol_at = 0;   // the octet that names the upper layer
  // Behind the headers that nodes on the way look at (RFC 8200 4.5), where a fragment header would stand and
  // where transport mode puts ESP and AH (RFC 4303 3.1.1); and the octet that names what is there.
  std::uint32_t per_fragment_end = 0;
  std::uint32_t per_fragment_next_at = 0;
  std::uint32_t fragment_header_at = 0;  // IPv6 only; 0 where there is none
  std::uint16_t fragment_offset = 0;     // in octets
  std::uint32_t identification = 0;      // of the fragment, or of any IPv4 packet

  // A part of a packet only. An IPv6 packet with a fragment header that is its only fragment is none.
  constexpr bool is_fragment() const { return more_fragments || fragment_offset != 0; }
  // Whether the header of the upper layer can be looked for at upper_at.
  constexpr bool starts_upper_layer() const { return fragment_offset == 0; }
  constexpr std::uint32_t upper_length() const { return total_length - upper_at; }
};

namespace detail {
// What is wrong, if anything; `walk` is filled in where it lies.
std::optional<WalkError> walk_ipv6(OctetView packet, HeaderWalk& walk) noexcept;

constexpr std::optional<WalkError> walk_ipv4(OctetView packet, HeaderWalk& walk) noexcept {
  if (packet.size() < end_of<&Ipv4Header::destination>) return WalkError::truncated_header;
  const std::uint8_t* at = packet.data();
  const std::size_t header_length = load<&Ipv4Header::ihl>(at) * std::size_t{4};
  const std::size_t total_length = load<&Ipv4Header::total_length>(at);
  if (header_length < 20 || header_length > packet.size()) return WalkError::bad_header_length;
  if (total_length < header_length || total_length > packet.size()) return WalkError::bad_total_length;
  const std::uint8_t flags = load<&Ipv4Header::flags>(at);
  walk.protocol = load<&Ipv4Header::protocol>(at);
  walk.more_fragments = (flags & Ipv4Header::more_fragments) != 0;
  walk.dont_fragment = (flags & Ipv4Header::dont_fragment) != 0;
  walk.total_length = static_cast<std::uint32_t>(total_length);
  walk.upper_at = walk.per_fragment_end = static_cast<std::uint32_t>(header_length);
  walk.protocol_at = walk.per_fragment_next_at = offset_of<&Ipv4Header::protocol>;
  walk.fragment_offset = static_cast<std::uint16_t>(load<&Ipv4Header::fragment_offset>(at) * 8);
  walk.identification = load<&Ipv4Header::identification>(at);
  return std::nullopt;
}
}  // namespace detail

// The head of a packet that needs no walk, as most do not: the upper layer stands right behind the fixed IP
// header.
struct PlainHead {
  std::uint32_t octets = 0;  // 0: this packet needs the walk
  std::uint32_t total_length = 0;
  std::uint32_t protocol_at = 0;
  IpVersion version = IpVersion::v4;
};

// What the walk would find, in short, for a whole packet without options or extension headers; nothing for
// any other, and for what is malformed.
constexpr PlainHead plain_head(OctetView packet) noexcept {
  constexpr std::uint32_t v4_octets = end_of<&Ipv4Header::destination>;
  constexpr std::uint32_t v6_octets = end_of<&Ipv6Header::destination>;
  constexpr std::uint8_t v4_without_options = 0x45;
  constexpr std::uint16_t any_fragment = 0x3fff;  // More Fragments, or an offset
  const std::uint8_t* at = packet.data();
  if (packet.size() >= v4_octets && at[0] == v4_without_options) {
    const std::uint32_t total = load<&Ipv4Header::total_length>(at);
    const bool fragment = (load_be<std::uint16_t>(at + offset_of<&Ipv4Header::flags>) & any_fragment) != 0;
    if (fragment || total < v4_octets || total > packet.size()) return {};
    return {v4_octets, total, offset_of<&Ipv4Header::protocol>, IpVersion::v4};
  }
  if (packet.size() >= v6_octets && at[0] >> 4 == 6) {
    const std::uint32_t total = v6_octets + load<&Ipv6Header::payload_length>(at);
    if (total > packet.size() || protocol::is_ipv6_extension(load<&Ipv6Header::next_header>(at))) return {};
    return {v6_octets, total, offset_of<&Ipv6Header::next_header>, IpVersion::v6};
  }
  return {};
}

// Walks from the IP header to the upper layer of the packet at the front of `packet`.
constexpr std::expected<HeaderWalk, WalkError> walk_headers(OctetView packet) noexcept {
  std::expected<HeaderWalk, WalkError> result;
  const int version = packet.empty() ? 0 : packet[0] >> 4;
  std::optional<WalkError> error = packet.empty() ? WalkError::empty : WalkError::wrong_version;
  if (version == 4) error = detail::walk_ipv4(packet, *result);
  if (version == 6) error = detail::walk_ipv6(packet, *result);
  if (error) result = std::unexpected(*error);
  return result;
}

}  // namespace mpsec::wire
