#include "sim/packet.hpp"

#include <fmt/format.h>

#include "wire/header_build.hpp"
#include "wire/protocol.hpp"

namespace mpsec::sim {
namespace {

using wire::Ipv4Header, wire::Ipv6Header, wire::UdpHeader;

constexpr std::size_t largest_length_field = 0xffff;

Error refusal(std::string why) {
  return Error{Blame::local_fault, "datagram", std::nullopt, std::move(why), "RFC 768"};
}

template <std::size_t Count>
std::array<std::uint8_t, Count> array_of(const IpAddress& address) {
  std::array<std::uint8_t, Count> octets{};
  std::ranges::copy(address.octets(), octets.begin());
  return octets;
}

void store_ip_header(Octets& packet, const IpAddress& source, const IpAddress& destination,
                     std::size_t payload_octets) {
  if (source.is_v4()) {
    wire::Ipv4Build build;
    build.source = array_of<4>(source);
    build.destination = array_of<4>(destination);
    build.protocol = wire::protocol::udp;
    build.total_length = static_cast<std::uint16_t>(wire::ipv4_header_size + payload_octets);
    return wire::store_ipv4_header(packet.data(), build);
  }
  wire::Ipv6Build build;
  build.source = array_of<16>(source);
  build.destination = array_of<16>(destination);
  build.next_header = wire::protocol::udp;
  build.payload_length = static_cast<std::uint16_t>(payload_octets);
  wire::store_ipv6_header(packet.data(), build);
}

wire::OnesComplementSum pseudo_header(const IpAddress& source, const IpAddress& destination,
                                      std::size_t length) {
  return wire::pseudo_header_sum(source.octets(), destination.octets(), wire::protocol::udp,
                                 static_cast<std::uint32_t>(length));
}

}  // namespace

Packet::Packet(Octets octets, const wire::HeaderWalk& walk) : octets_(std::move(octets)), walk_(walk) {
  octets_.resize(walk_.total_length);
  if (walk_.version == IpVersion::v4) {
    source_ = IpAddress::v4(octets_.data() + wire::offset_of<&Ipv4Header::source>);
    destination_ = IpAddress::v4(octets_.data() + wire::offset_of<&Ipv4Header::destination>);
  } else {
    source_ = IpAddress::v6(octets_.data() + wire::offset_of<&Ipv6Header::source>);
    destination_ = IpAddress::v6(octets_.data() + wire::offset_of<&Ipv6Header::destination>);
  }
}

Result<Packet> Packet::from_ip(Octets octets) {
  const auto walk = wire::walk_headers(octets);
  if (!walk)
    return std::unexpected(
        Error{Blame::malformed, "IP", std::nullopt, std::string(wire::to_string(walk.error())), ""});
  return Packet(std::move(octets), *walk);
}

Result<Packet> Packet::udp(const Datagram& datagram) {
  const IpAddress& source = datagram.local.address;
  const IpAddress& destination = datagram.remote.address;
  if (source.version() != destination.version())
    return std::unexpected(
        refusal(fmt::format("{} and {} are of two families", to_string(source), to_string(destination))));
  const std::size_t header = source.is_v4() ? wire::ipv4_header_size : wire::ipv6_header_size;
  const std::size_t length = wire::udp_header_size + datagram.octets.size();
  if (length + (source.is_v4() ? header : 0) > largest_length_field)
    return std::unexpected(
        refusal(fmt::format("{} octets do not fit into an IP packet", datagram.octets.size())));

  Octets octets(header + length);
  store_ip_header(octets, source, destination, length);
  std::uint8_t* udp = octets.data() + header;
  wire::store_udp_header(udp, datagram.local.port, datagram.remote.port, static_cast<std::uint16_t>(length));
  std::ranges::copy(datagram.octets, udp + wire::udp_header_size);
  const auto sum = pseudo_header(source, destination, length).add({udp, length});
  wire::store<&UdpHeader::checksum>(udp, wire::udp_checksum_on_wire(sum.checksum()));
  return from_ip(std::move(octets));
}

bool Packet::is_udp() const {
  return walk_.protocol == wire::protocol::udp && !is_fragment() && upper().size() >= wire::udp_header_size &&
         udp_length() >= wire::udp_header_size && udp_length() <= upper().size();
}

std::size_t Packet::udp_length() const {
  return wire::load<&UdpHeader::length>(upper().data());
}

Endpoint Packet::udp_source() const {
  return {source_, wire::load<&UdpHeader::source_port>(upper().data())};
}

Endpoint Packet::udp_destination() const {
  return {destination_, wire::load<&UdpHeader::destination_port>(upper().data())};
}

OctetView Packet::udp_payload() const {
  return upper().first(udp_length()).subspan(wire::udp_header_size);
}

std::optional<Datagram> Packet::received_datagram() const {
  if (!is_udp()) return std::nullopt;
  const OctetView udp = upper().first(udp_length());
  const bool has_checksum = wire::load<&UdpHeader::checksum>(udp.data()) != 0;
  if (has_checksum && !pseudo_header(source_, destination_, udp.size()).add(udp).holds()) return std::nullopt;
  const OctetView payload = udp_payload();
  return Datagram{udp_destination(), udp_source(), Octets(payload.begin(), payload.end())};
}

void Packet::set_udp_source(const Endpoint& endpoint) {
  set_endpoint(true, endpoint);
}

void Packet::set_udp_destination(const Endpoint& endpoint) {
  set_endpoint(false, endpoint);
}

void Packet::set_endpoint(bool source, const Endpoint& endpoint) {
  IpAddress& address = source ? source_ : destination_;
  const Octets before(address.octets().begin(), address.octets().end());
  const std::size_t udp_at = walk_.upper_at;
  if (address.is_v4()) {
    const std::size_t at =
        source ? wire::offset_of<&Ipv4Header::source> : wire::offset_of<&Ipv4Header::destination>;
    std::ranges::copy(endpoint.address.octets(), octets_.begin() + static_cast<std::ptrdiff_t>(at));
    wire::store_ipv4_checksum(octets_.data(), wire::load<&Ipv4Header::ihl>(octets_.data()) * std::size_t{4});
  } else {
    const std::size_t at =
        source ? wire::offset_of<&Ipv6Header::source> : wire::offset_of<&Ipv6Header::destination>;
    std::ranges::copy(endpoint.address.octets(), octets_.begin() + static_cast<std::ptrdiff_t>(at));
  }
  address = endpoint.address;

  std::uint8_t* udp = octets_.data() + udp_at;
  if (const auto checksum = wire::load<&UdpHeader::checksum>(udp); checksum != 0)
    wire::store<&UdpHeader::checksum>(
        udp, wire::udp_checksum_on_wire(wire::updated_checksum(checksum, before, endpoint.address.octets())));
  std::array<std::uint8_t, 2> port{};
  store_be(port.data(), endpoint.port);
  replace(udp_at + (source ? wire::offset_of<&UdpHeader::source_port>
                           : wire::offset_of<&UdpHeader::destination_port>),
          port);
}

// Octets at an even place of the UDP datagram, whose checksum keeps as right or wrong as it was.
void Packet::replace(std::size_t at, OctetView octets) {
  std::uint8_t* udp = octets_.data() + walk_.upper_at;
  const OctetView before = this->octets().subspan(at, octets.size());
  if (const auto checksum = wire::load<&UdpHeader::checksum>(udp); checksum != 0)
    wire::store<&UdpHeader::checksum>(
        udp, wire::udp_checksum_on_wire(wire::updated_checksum(checksum, before, octets)));
  std::ranges::copy(octets, octets_.begin() + static_cast<std::ptrdiff_t>(at));
}

void Packet::flip(std::size_t index, std::uint8_t mask) {
  if (!is_udp()) {
    if (index < upper().size()) octets_[walk_.upper_at + index] ^= mask;
    return;
  }
  if (index >= udp_payload().size()) return;
  const std::size_t even = index / 2 * 2;
  const std::size_t at = walk_.upper_at + wire::udp_header_size + even;
  Octets word(octets_.begin() + static_cast<std::ptrdiff_t>(at),
              octets_.begin() + static_cast<std::ptrdiff_t>(at + std::min<std::size_t>(2, size() - at)));
  word[index - even] ^= mask;
  replace(at, word);
}

Result<> Packet::set_udp_payload(OctetView payload) {
  auto made = udp({udp_source(), udp_destination(), Octets(payload.begin(), payload.end())});
  if (!made) return std::unexpected(std::move(made).error());
  *this = *std::move(made);
  return {};
}

}  // namespace mpsec::sim
