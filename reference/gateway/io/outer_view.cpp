#include "gateway/io/outer_view.hpp"

#include <cstring>

#include "wire/header_build.hpp"
#include "wire/header_walk.hpp"
#include "wire/protocol.hpp"

namespace mpsec::gateway {

using wire::Ipv4Header;
using wire::Ipv6Header;
using wire::UdpHeader;

std::optional<OuterView> view_outer(OctetView packet) noexcept {
  const auto walk = wire::walk_headers(packet);
  if (!walk) return std::nullopt;
  const std::uint8_t* at = packet.data();
  OuterView view;
  view.size = walk->total_length;
  if (walk->version == IpVersion::v4) {
    view.source.address = IpAddress::v4(at + wire::offset_of<&Ipv4Header::source>);
    view.destination.address = IpAddress::v4(at + wire::offset_of<&Ipv4Header::destination>);
    view.traffic_class = at[1];
    view.may_fragment = !walk->dont_fragment;
  } else {
    view.source.address = IpAddress::v6(at + wire::offset_of<&Ipv6Header::source>);
    view.destination.address = IpAddress::v6(at + wire::offset_of<&Ipv6Header::destination>);
    view.traffic_class = static_cast<std::uint8_t>(load_be<std::uint16_t>(at) >> 4);
  }
  const bool udp = walk->protocol == wire::protocol::udp && !walk->is_fragment();
  if (!udp || walk->upper_length() < wire::udp_header_size) return view;
  const std::uint8_t* header = at + walk->upper_at;
  view.source.port = wire::load<&UdpHeader::source_port>(header);
  view.destination.port = wire::load<&UdpHeader::destination_port>(header);
  view.payload_at = static_cast<std::uint16_t>(walk->upper_at + wire::udp_header_size);
  return view;
}

bool same_outer(OctetView one, OctetView other) noexcept {
  const std::uint8_t *a = one.data(), *b = other.data();
  const auto same = [&](std::size_t from, std::size_t to) {
    return std::memcmp(a + from, b + from, to - from) == 0;
  };
  constexpr std::size_t v4_ports_end = wire::ipv4_header_size + 4, v6_ports_end = wire::ipv6_header_size + 4;
  const auto plain = wire::plain_head(one), other_plain = wire::plain_head(other);
  if (plain.octets == 0 || plain.octets != other_plain.octets) return false;
  const std::size_t least = plain.octets + wire::udp_header_size;
  if (plain.total_length < least || other_plain.total_length < least) return false;
  if (plain.version == IpVersion::v4) {
    // Flags and protocol apart from identification, lengths and checksum between them.
    return same(0, 2) && same(6, 8) && a[9] == b[9] && same(12, v4_ports_end);
  }
  return same(0, 4) && a[6] == b[6] && same(8, v6_ports_end);
}

}  // namespace mpsec::gateway
