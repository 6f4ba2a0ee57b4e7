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

void look_at_other_udp(Found& found, std::size_t payload_at, std::size_t end) {
  found.other_udp = payload_at <= end && end <= found.packet.size();
  if (!found.other_udp) return;
  found.security_at = static_cast<std::uint32_t>(payload_at);
  found.security_end = static_cast<std::uint32_t>(end);
}

void look_at_udp(Found& found, const UdpPorts& ports) {
  constexpr std::size_t header = wire::end_of<&wire::UdpHeader::checksum>;
  const std::size_t udp_at = found.security_at;
  if (found.packet.size() < udp_at + header) return end_too_early(found);
  const std::uint8_t* at = found.packet.data() + udp_at;
  found.source_port = wire::load<&wire::UdpHeader::source_port>(at);
  found.destination_port = wire::load<&wire::UdpHeader::destination_port>(at);
  const bool ike_port = found.source_port == wire::ike_port || found.destination_port == wire::ike_port;
  const bool esp_port = ports.contains(found.source_port) || ports.contains(found.destination_port);
  const std::size_t length = wire::load<&wire::UdpHeader::length>(at);
  if (!ike_port && !esp_port) return look_at_other_udp(found, udp_at + header, udp_at + length);
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

bool may_be_ipsec(std::uint8_t protocol) {
  return protocol == wire::protocol::esp || protocol == wire::protocol::ah || protocol == wire::protocol::udp;
}

Found look_behind(OctetView packet, const wire::HeaderWalk& walk, const UdpPorts& ports, bool whole) {
  Found found;
  found.version = walk.version;
  found.whole = whole;
  found.protocol_at = walk.protocol_at;
  found.packet = packet;
  found.security_at = walk.upper_at;
  found.security_end = static_cast<std::uint32_t>(packet.size());
  if (walk.is_fragment()) {
    if (may_be_ipsec(walk.protocol)) found.kind = FoundKind::fragment;
    return found;
  }
  switch (walk.protocol) {
    case wire::protocol::esp:
      look_at_esp(found, FoundKind::esp);
      break;
    case wire::protocol::ah:
      look_at_ah(found);
      break;
    case wire::protocol::udp:
      look_at_udp(found, ports);
      break;
    default:
      break;
  }
  return found;
}

}  // namespace

Found find_ipsec(OctetView packet, const UdpPorts& ports, bool cut) {
  if (const auto walk = wire::walk_headers(packet))
    return look_behind(packet.first(walk->total_length), *walk, ports, true);
  if (!cut) return only(FoundKind::malformed, packet);
  const auto walk = walk_cut(packet);
  return walk ? look_behind(packet, *walk, ports, false) : only(FoundKind::cut, packet);
}

IpAddress AddressBits::address() const {
  if (version == IpVersion::v4) return IpAddress::v4(static_cast<std::uint32_t>(low));
  std::array<std::uint8_t, 16> octets;
  store_be(octets.data(), high);
  store_be(octets.data() + 8, low);
  return IpAddress::v6(octets.data());
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
