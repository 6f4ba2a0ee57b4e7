#include "wire/header_walk.hpp"

#include "wire/ipv6_extension.hpp"
#include "wire/ipv6_fragment.hpp"
#include "wire/protocol.hpp"

namespace mpsec::wire {
namespace {

// Takes the extension header at walk.upper_at into account and steps over it.
std::optional<WalkError> step_over(OctetView packet, HeaderWalk& walk) noexcept {
  const std::uint32_t here = walk.upper_at;
  if (here + 8 > walk.total_length) return WalkError::truncated_extension;
  const std::uint8_t* at = packet.data() + here;
  std::uint32_t size = 8;
  if (walk.protocol == protocol::fragment) {
    walk.fragment_header_at = walk.upper_at;
    walk.fragment_offset = static_cast<std::uint16_t>(load<&FragmentHeader::fragment_offset>(at) * 8);
    walk.more_fragments = load<&FragmentHeader::more_fragments>(at) != 0;
    walk.identification = load<&FragmentHeader::identification>(at);
  } else {
    size += load<&Ipv6ExtensionHeader::length>(at) * 8u;
  }
  if (here + size > walk.total_length) return WalkError::truncated_extension;
  const bool per_fragment = walk.protocol == protocol::hop_by_hop || walk.protocol == protocol::routing;
  walk.protocol = load<&Ipv6ExtensionHeader::next_header>(at);
  walk.protocol_at = here + std::uint32_t{offset_of<&Ipv6ExtensionHeader::next_header>};
  walk.upper_at = here + size;
  if (per_fragment) {
    walk.per_fragment_end = walk.upper_at;
    walk.per_fragment_next_at = walk.protocol_at;
  }
  return std::nullopt;
}

std::optional<WalkError> walk_extensions(OctetView packet, HeaderWalk& walk) noexcept {
  for (int count = 0; protocol::is_ipv6_extension(walk.protocol) && walk.starts_upper_layer(); ++count) {
    //= rfc8200/4.1/hop-by-hop-right-after-the-ipv6-header
    if (walk.protocol == protocol::hop_by_hop && count > 0) break;
    if (count == HeaderWalk::max_extensions) return WalkError::too_many_extensions;
    if (const auto error = step_over(packet, walk)) return error;
  }
  return std::nullopt;
}

}  // namespace

std::optional<WalkError> detail::walk_ipv6(OctetView packet, HeaderWalk& walk) noexcept {
  constexpr std::uint32_t header_length = end_of<&Ipv6Header::destination>;
  if (packet.size() < header_length) return WalkError::truncated_header;
  walk.version = IpVersion::v6;
  walk.dont_fragment = true;
  walk.protocol = load<&Ipv6Header::next_header>(packet.data());
  walk.protocol_at = walk.per_fragment_next_at = offset_of<&Ipv6Header::next_header>;
  walk.upper_at = walk.per_fragment_end = header_length;
  walk.total_length = header_length + load<&Ipv6Header::payload_length>(packet.data());
  if (walk.total_length > packet.size()) return WalkError::bad_total_length;
  return walk_extensions(packet, walk);
}

std::string_view to_string(WalkError error) {
  switch (error) {
    case WalkError::empty:
      return "no octets";
    case WalkError::wrong_version:
      return "IP version neither 4 nor 6";
    case WalkError::truncated_header:
      return "truncated IP header";
    case WalkError::bad_header_length:
      return "IPv4 header length below 20 octets or beyond the packet";
    case WalkError::bad_total_length:
      return "length field claims less than the header or more than the packet";
    case WalkError::truncated_extension:
      return "IPv6 extension header reaches beyond the packet";
    case WalkError::too_many_extensions:
      return "too many IPv6 extension headers";
  }
  return "unknown";
}

}  // namespace mpsec::wire
