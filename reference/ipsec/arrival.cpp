#include "ipsec/arrival.hpp"

#include <tuple>

#include "wire/ah.hpp"
#include "wire/esp.hpp"
#include "wire/header_walk.hpp"
#include "wire/in_place.hpp"
#include "wire/protocol.hpp"
#include "wire/udp.hpp"
#include "wire/udp_encap.hpp"

namespace mpsec::ipsec {

using wire::HeaderWalk;
using wire::Ipv4Header;
using wire::Ipv6Header;
using wire::UdpHeader;

namespace {

Arrival discarded(Discard cause) {
  return {.kind = Arrival::Kind::discard, .discard = cause, .spi = {}};
}
Arrival of_kind(Arrival::Kind kind) {
  return {.kind = kind, .discard = Discard::none, .spi = {}};
}

// Fills `sealed` field by field: a copy of it would wait for every one of these stores.
Arrival seal_found(const PacketBuffer& buffer, const HeaderWalk& walk, std::uint32_t protected_at,
                   Protocol protocol, SealedPacket& sealed) {
  const std::uint32_t have = buffer.size() - protected_at;
  const bool esp = protocol == Protocol::esp;
  if (esp && have < wire::end_of<&wire::Esp::sequence_number>) return discarded(Discard::esp_too_short);
  if (!esp && have < wire::Ah::fixed_size) return discarded(Discard::ah_bad_length);
  const std::uint8_t* at = buffer.data() + protected_at;
  sealed.packet = buffer;
  sealed.protected_at = protected_at;
  sealed.ip_octets = walk.upper_at;
  sealed.next_at = walk.protocol_at;
  sealed.traffic_class = traffic_class_of(buffer.data());
  sealed.protocol = protocol;
  sealed.udp = protected_at != walk.upper_at;
  const Spi spi = esp ? wire::load<&wire::Esp::spi>(at) : wire::load<&wire::Ah::spi>(at);
  return {.kind = Arrival::Kind::sealed, .discard = Discard::none, .spi = spi};
}

//= rfc3948/2.2/non-esp-marker-tells-ike-from-esp
//= rfc3948/2.3/receiver-ignores-keepalives
Arrival look_at_udp(const PacketBuffer& buffer, const HeaderWalk& walk, SealedPacket& sealed,
                    std::uint16_t encapsulation_port) {
  if (walk.upper_length() < wire::end_of<&UdpHeader::checksum>) return discarded(Discard::udp_malformed);
  const std::uint8_t* udp = buffer.data() + walk.upper_at;
  const std::uint16_t port = wire::load<&UdpHeader::destination_port>(udp);
  if (port != encapsulation_port)
    return of_kind(port == wire::ike_port ? Arrival::Kind::ike : Arrival::Kind::clear);
  if (wire::load<&UdpHeader::length>(udp) != walk.upper_length()) return discarded(Discard::udp_malformed);
  const auto payload_at = static_cast<std::uint32_t>(walk.upper_at + wire::end_of<&UdpHeader::checksum>);
  switch (wire::classify_udp_payload(buffer.view().subspan(payload_at))) {
    case wire::UdpEncapsulated::keepalive:
      return discarded(Discard::keepalive);
    case wire::UdpEncapsulated::malformed:
      return discarded(Discard::udp_malformed);
    case wire::UdpEncapsulated::ike:
      return of_kind(Arrival::Kind::ike);
    case wire::UdpEncapsulated::esp:
      break;
  }
  return seal_found(buffer, walk, payload_at, Protocol::esp, sealed);
}

}  // namespace

Arrival look_at(PacketBuffer& buffer, SealedPacket& sealed, std::uint16_t encapsulation_port) noexcept {
  const auto walk = wire::walk_headers(buffer.view());
  if (!walk) {
    return discarded(walk.error() == wire::WalkError::wrong_version ? Discard::unsupported_ip_version
                                                                    : Discard::malformed_packet);
  }
  buffer.resize(walk->total_length);
  const bool esp = walk->protocol == wire::protocol::esp, ah = walk->protocol == wire::protocol::ah;
  const bool udp = walk->protocol == wire::protocol::udp;
  if (!esp && !ah && !udp) return of_kind(Arrival::Kind::clear);
  //= rfc4303/3.4.1/reassembly-before-esp
  if (walk->is_fragment()) return of_kind(Arrival::Kind::fragment);
  if (udp) return look_at_udp(buffer, *walk, sealed, encapsulation_port);
  return seal_found(buffer, *walk, walk->upper_at, esp ? Protocol::esp : Protocol::ah, sealed);
}

std::optional<std::pair<IpAddress, IpAddress>> addresses_of(OctetView packet) noexcept {
  const std::uint8_t* ip = packet.data();
  if (packet.size() >= wire::end_of<&Ipv4Header::destination> && ip[0] >> 4 == 4) {
    return std::pair(IpAddress::v4(ip + wire::offset_of<&Ipv4Header::source>),
                     IpAddress::v4(ip + wire::offset_of<&Ipv4Header::destination>));
  }
  if (packet.size() >= wire::end_of<&Ipv6Header::destination> && ip[0] >> 4 == 6) {
    return std::pair(IpAddress::v6(ip + wire::offset_of<&Ipv6Header::source>),
                     IpAddress::v6(ip + wire::offset_of<&Ipv6Header::destination>));
  }
  return std::nullopt;
}

InboundKey key_of(const SealedPacket& sealed, Spi spi) noexcept {
  InboundKey key{
      .spi = spi, .protocol = static_cast<std::uint8_t>(sealed.protocol), .destination = {}, .source = {}};
  if (const auto addresses = addresses_of(sealed.packet.view()))
    std::tie(key.source, key.destination) = *addresses;
  return key;
}

}  // namespace mpsec::ipsec
