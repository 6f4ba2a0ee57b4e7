#include "pcap-replay/capture/packet_finder.hpp"

#include <algorithm>
#include <array>

#include "wire/ah.hpp"
#include "wire/esp.hpp"
#include "wire/protocol.hpp"
#include "wire/udp.hpp"
#include "wire/udp_encap.hpp"

namespace mpsec::replay {
namespace {

constexpr std::size_t ipv6_header = wire::end_of<&wire::Ipv6Header::destination>;

Found only(FoundKind kind, OctetView packet) {
  Found found;
  found.kind = kind;
  found.packet = packet;
  return found;
}

// Where the capture or the datagram itself ends too early.
void end_too_early(Found& found) {
  found.kind = found.whole ? FoundKind::malformed : FoundKind::cut;
}

void look_at_esp(Found& found, FoundKind kind) {
  const std::uint8_t* at = found.packet.data() + found.security_at;
  if (found.security_octets() < wire::end_of<&wire::Esp::sequence_number>) return end_too_early(found);
  found.kind = kind;
  found.spi = wire::load<&wire::Esp::spi>(at);
  found.sequence_number = wire::load<&wire::Esp::sequence_number>(at);
}

void look_at_ah(Found& found) {
  const std::uint8_t* at = found.packet.data() + found.security_at;
  if (found.security_octets() < wire::end_of<&wire::Ah::sequence_number>) return end_too_early(found);
  found.kind = FoundKind::ah;
  found.spi = wire::load<&wire::Ah::spi>(at);
  found.sequence_number = wire::load<&wire::Ah::sequence_number>(at);
}

void look_at_ike(Found& found) {
  constexpr std::size_t version_at = 17;  // RFC 7296 3.1
  found.kind = FoundKind::ike;
  if (found.security_octets() > version_at)
    found.ike_version = static_cast<std::uint8_t>(found.packet[found.security_at + version_at] >> 4);
}

void look_at_udp(Found& found, const UdpPorts& ports) {
  constexpr std::size_t header = wire::end_of<&wire::UdpHeader::checksum>;
  const std::size_t udp_at = found.headers.upper_at;
  if (found.packet.size() < udp_at + header) return end_too_early(found);
  const std::uint8_t* at = found.packet.data() + udp_at;
  found.source_port = wire::load<&wire::UdpHeader::source_port>(at);
  found.destination_port = wire::load<&wire::UdpHeader::destination_port>(at);
  const bool ike_port = found.source_port == wire::ike_port || found.destination_port == wire::ike_port;
  const bool esp_port = ports.contains(found.source_port) || ports.contains(found.destination_port);
  if (!ike_port && !esp_port) return;
  const std::size_t length = wire::load<&wire::UdpHeader::length>(at);
  if (length < header || (found.whole && udp_at + length > found.packet.size())) return end_too_early(found);
  found.security_at = static_cast<std::uint32_t>(udp_at + header);
  found.security_end = static_cast<std::uint32_t>(std::min(found.packet.size(), udp_at + length));
  if (!esp_port) return look_at_ike(found);
  switch (wire::classify_udp_payload(found.packet.subspan(found.security_at, found.security_octets()))) {
    case wire::UdpEncapsulated::esp:
      return look_at_esp(found, FoundKind::esp_in_udp);
    case wire::UdpEncapsulated::keepalive:
      found.kind = FoundKind::keepalive;
      return;
    case wire::UdpEncapsulated::malformed:
      return end_too_early(found);
    case wire::UdpEncapsulated::ike:
      break;
  }
  found.security_at += sizeof(std::uint32_t);  // the non-ESP marker
  look_at_ike(found);
}

// Headers of a packet that the capture cut short: as if it had been sent with what is there.
std::expected<wire::HeaderWalk, wire::WalkError> walk_cut(OctetView packet) {
  std::array<std::uint8_t, 512> copy;  // of the headers; who has more of them is not found
  const OctetView start = packet.first(std::min(packet.size(), copy.size()));
  std::ranges::copy(start, copy.begin());
  if (start.size() >= ipv6_header && start[0] >> 4 == 6)
    wire::store<&wire::Ipv6Header::payload_length>(copy.data(),
                                                   static_cast<std::uint16_t>(start.size() - ipv6_header));
  if (start.size() >= 20 && start[0] >> 4 == 4)
    wire::store<&wire::Ipv4Header::total_length>(copy.data(), static_cast<std::uint16_t>(start.size()));
  return wire::walk_headers(OctetView(copy).first(start.size()));
}

void look_at_upper_layer(Found& found, const UdpPorts& ports) {
  switch (found.headers.protocol) {
    case wire::protocol::esp:
      return look_at_esp(found, FoundKind::esp);
    case wire::protocol::ah:
      return look_at_ah(found);
    case wire::protocol::udp:
      return look_at_udp(found, ports);
    default:
      return;
  }
}

bool may_be_ipsec(std::uint8_t protocol) {
  return protocol == wire::protocol::esp || protocol == wire::protocol::ah || protocol == wire::protocol::udp;
}

}  // namespace

Found find_ipsec(OctetView packet, const UdpPorts& ports, bool cut) {
  auto walk = wire::walk_headers(packet);
  const bool whole = !cut || walk.has_value();
  if (!whole) walk = walk_cut(packet);
  if (!walk) return only(whole ? FoundKind::malformed : FoundKind::cut, packet);
  Found found;
  found.whole = whole;
  found.headers = *walk;
  found.packet = whole ? packet.first(walk->total_length) : packet;
  found.security_at = walk->upper_at;
  found.security_end = static_cast<std::uint32_t>(found.packet.size());
  if (walk->is_fragment()) {
    if (may_be_ipsec(walk->protocol)) found.kind = FoundKind::fragment;
    return found;
  }
  look_at_upper_layer(found, ports);
  return found;
}

IpAddress Found::source() const {
  if (headers.version == IpVersion::v4)
    return IpAddress::v4(packet.data() + wire::offset_of<&wire::Ipv4Header::source>);
  return IpAddress::v6(packet.data() + wire::offset_of<&wire::Ipv6Header::source>);
}

IpAddress Found::destination() const {
  if (headers.version == IpVersion::v4)
    return IpAddress::v4(packet.data() + wire::offset_of<&wire::Ipv4Header::destination>);
  return IpAddress::v6(packet.data() + wire::offset_of<&wire::Ipv6Header::destination>);
}

std::string_view to_string(FoundKind kind) {
  switch (kind) {
    case FoundKind::other:
      return "other";
    case FoundKind::esp:
      return "ESP";
    case FoundKind::esp_in_udp:
      return "ESP in UDP";
    case FoundKind::ah:
      return "AH";
    case FoundKind::ike:
      return "IKE";
    case FoundKind::keepalive:
      return "NAT keepalive";
    case FoundKind::fragment:
      return "fragment";
    case FoundKind::malformed:
      return "malformed";
    case FoundKind::cut:
      return "cut by the capture";
  }
  return "unknown";
}

}  // namespace mpsec::replay
