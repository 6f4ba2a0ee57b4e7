#include "interop/suite/ip_packets.hpp"

#include <algorithm>
#include <array>

#include "wire/checksum.hpp"
#include "wire/header_build.hpp"
#include "wire/protocol.hpp"
#include "wire/udp_encap.hpp"

namespace mpsec::conformance {
namespace {

template <std::size_t Size>
std::array<std::uint8_t, Size> array_of(const IpAddress& address) {
  std::array<std::uint8_t, Size> octets{};
  std::ranges::copy(address.octets(), octets.begin());
  return octets;
}

Octets ip_header(const IpAddress& from, const IpAddress& to, std::uint8_t protocol, std::size_t payload) {
  Octets header(from.is_v4() ? wire::ipv4_header_size : wire::ipv6_header_size);
  if (from.is_v4())
    wire::store_ipv4_header(header.data(),
                            {.source = array_of<4>(from),
                             .destination = array_of<4>(to),
                             .protocol = protocol,
                             .total_length = static_cast<std::uint16_t>(header.size() + payload)});
  else
    wire::store_ipv6_header(header.data(), {.source = array_of<16>(from),
                                            .destination = array_of<16>(to),
                                            .next_header = protocol,
                                            .payload_length = static_cast<std::uint16_t>(payload)});
  return header;
}

}  // namespace

Octets to_ip(const EspPacket& packet) {
  const std::size_t udp = packet.in_udp() ? wire::udp_header_size : 0;
  Octets ip = ip_header(packet.path.local.address, packet.path.remote.address,
                        udp != 0 ? wire::protocol::udp : wire::protocol::esp, udp + packet.octets.size());
  if (udp != 0) {
    std::array<std::uint8_t, wire::udp_header_size> header{};
    wire::store_udp_header(header.data(), packet.path.local.port, packet.path.remote.port,
                           static_cast<std::uint16_t>(udp + packet.octets.size()));
    append(ip, header);
  }
  append(ip, packet.octets);
  return ip;
}

std::optional<std::variant<Datagram, EspPacket>> from_ip(OctetView ip) {
  if (ip.size() < wire::ipv4_header_size) return std::nullopt;
  const bool v4 = ip[0] >> 4 == 4;
  const std::size_t header = v4 ? (ip[0] & 0x0fu) * 4 : wire::ipv6_header_size;
  if (ip.size() < header || (!v4 && ip[0] >> 4 != 6)) return std::nullopt;
  const std::uint8_t protocol = v4 ? ip[9] : ip[6];
  ike::Path path;
  path.remote.address = v4 ? IpAddress::v4(ip.data() + 12) : IpAddress::v6(ip.data() + 8);
  path.local.address = v4 ? IpAddress::v4(ip.data() + 16) : IpAddress::v6(ip.data() + 24);
  OctetView rest = ip.subspan(header);
  if (protocol == wire::protocol::esp) return EspPacket{path, Octets(rest.begin(), rest.end())};
  if (protocol != wire::protocol::udp || rest.size() < wire::udp_header_size) return std::nullopt;
  path.remote.port = load_be<std::uint16_t>(rest.data());
  path.local.port = load_be<std::uint16_t>(rest.data() + 2);
  const auto checksum = load_be<std::uint16_t>(rest.data() + 6);
  rest = rest.subspan(wire::udp_header_size);
  Octets payload(rest.begin(), rest.end());
  if (wire::classify_udp_payload(rest) == wire::UdpEncapsulated::esp)
    return EspPacket{path, std::move(payload), checksum};
  return Datagram{path.local, path.remote, std::move(payload)};
}

}  // namespace mpsec::conformance
