#include "gateway/workers/origins.hpp"

#include "ipsec/arrival.hpp"
#include "wire/header_walk.hpp"
#include "wire/in_place.hpp"
#include "wire/protocol.hpp"
#include "wire/udp.hpp"

namespace mpsec::gateway {

std::optional<ike::Path> udp_path(OctetView packet) {
  const auto walk = wire::walk_headers(packet);
  if (!walk || walk->protocol != wire::protocol::udp || walk->is_fragment()) return std::nullopt;
  const auto addresses = ipsec::addresses_of(packet);
  if (!addresses || walk->upper_length() < wire::end_of<&wire::UdpHeader::checksum>) return std::nullopt;
  const std::uint8_t* const udp = packet.data() + walk->upper_at;
  return ike::Path{{addresses->second, wire::load<&wire::UdpHeader::destination_port>(udp)},
                   {addresses->first, wire::load<&wire::UdpHeader::source_port>(udp)}};
}

OctetView udp_payload(OctetView packet) {
  const auto walk = wire::walk_headers(packet);
  if (!walk || walk->upper_length() < wire::end_of<&wire::UdpHeader::checksum>) return {};
  return packet.subspan(walk->upper_at, walk->upper_length())
      .subspan(wire::end_of<&wire::UdpHeader::checksum>);
}

void Origins::note(std::span<const ipsec::PacketBuffer> packets) {
  for (const ipsec::PacketBuffer& packet : packets)
    if (const auto path = udp_path(packet.view()))
      arrived_.push_back({packet.data(), packet.data() + packet.size(), *path});
}

std::optional<ike::Path> Origins::of(const ipsec::PacketBuffer& inside) const {
  for (const Arrived& one : arrived_)
    if (one.begin <= inside.data() && inside.data() < one.end) return one.path;
  return std::nullopt;
}

}  // namespace mpsec::gateway
