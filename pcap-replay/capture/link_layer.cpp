#include "pcap-replay/capture/link_layer.hpp"

#include <fmt/format.h>

namespace mpsec::replay {
namespace {

using Kind = LinkContent::Kind;

constexpr std::uint16_t ethertype_ipv4 = 0x0800, ethertype_ipv6 = 0x86dd;

constexpr bool is_vlan_tag(std::uint16_t ethertype) {
  return ethertype == 0x8100 || ethertype == 0x88a8 || ethertype == 0x9100 || ethertype == 0x9200;
}

// `frame` from octet `type_at` on: an EtherType, perhaps VLAN tags and further EtherTypes, and the packet.
LinkContent by_ethertype(OctetView frame, std::size_t type_at) noexcept {
  while (true) {
    if (frame.size() < type_at + 2) return {Kind::truncated, {}};
    const auto ethertype = load_be<std::uint16_t>(frame.data() + type_at);
    if (ethertype == ethertype_ipv4 || ethertype == ethertype_ipv6)
      return {Kind::ip, frame.subspan(type_at + 2)};
    if (!is_vlan_tag(ethertype)) return {Kind::not_ip, {}};
    type_at += 4;
  }
}

// LINKTYPE_LINUX_SLL2: the EtherType comes first, then 18 octets of other things.
LinkContent cooked_version_2(OctetView frame) noexcept {
  constexpr std::size_t header = 20;
  if (frame.size() < header) return {Kind::truncated, {}};
  const auto ethertype = load_be<std::uint16_t>(frame.data());
  if (ethertype == ethertype_ipv4 || ethertype == ethertype_ipv6) return {Kind::ip, frame.subspan(header)};
  return is_vlan_tag(ethertype) ? by_ethertype(frame, header + 2) : LinkContent{Kind::not_ip, {}};
}

// Four octets of address family: in network order for loop, in the order of whoever captured for null. 2 is
// IPv4 everywhere; IPv6 has the number its system gave it.
LinkContent by_address_family(OctetView frame) noexcept {
  if (frame.size() < 4) return {Kind::truncated, {}};
  auto family = load_be<std::uint32_t>(frame.data());
  if (family > 0xffff) family = __builtin_bswap32(family);
  const bool ip = family == 2 || family == 10 || family == 24 || family == 28 || family == 30;
  return ip ? LinkContent{Kind::ip, frame.subspan(4)} : LinkContent{Kind::not_ip, {}};
}

}  // namespace

LinkContent strip_link_layer(LinkType link_type, OctetView frame) noexcept {
  switch (link_type) {
    case LinkType::ethernet:
      return by_ethertype(frame, 12);
    case LinkType::raw:
    case LinkType::ipv4:
    case LinkType::ipv6:
      return {Kind::ip, frame};
    case LinkType::null:
    case LinkType::loop:
      return by_address_family(frame);
    case LinkType::linux_sll:
      return by_ethertype(frame, 14);
    case LinkType::linux_sll2:
      return cooked_version_2(frame);
  }
  return {Kind::unsupported, {}};
}

std::string to_string(LinkType link_type) {
  switch (link_type) {
    case LinkType::null:
      return "BSD null";
    case LinkType::ethernet:
      return "Ethernet";
    case LinkType::raw:
      return "raw IP";
    case LinkType::loop:
      return "BSD loop";
    case LinkType::linux_sll:
      return "Linux cooked";
    case LinkType::ipv4:
      return "raw IPv4";
    case LinkType::ipv6:
      return "raw IPv6";
    case LinkType::linux_sll2:
      return "Linux cooked 2";
  }
  return fmt::format("link type {}", static_cast<unsigned>(link_type));
}

}  // namespace mpsec::replay
