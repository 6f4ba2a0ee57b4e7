#include "ipsec/datagram_parts.hpp"

#include <algorithm>

namespace mpsec::ipsec {
namespace {

constexpr std::size_t ipv4_fixed_octets = wire::end_of<&wire::Ipv4Header::destination>;

// Octets of the upper-layer header at the start of `rest`, which may be cut short.
std::size_t upper_header_octets(std::uint8_t number, OctetView rest) noexcept {
  switch (number) {
    case wire::protocol::tcp: {
      constexpr std::size_t fixed = 20, offset_at = 12;
      return rest.size() > offset_at ? std::max<std::size_t>(fixed, (rest[offset_at] >> 4) * 4u) : fixed;
    }
    case wire::protocol::ipv4:
      return rest.empty() ? ipv4_fixed_octets
                          : std::max<std::size_t>(ipv4_fixed_octets, (rest[0] & 0xf) * 4u);
    case wire::protocol::ipv6:
      return ipv6_header_octets;
    case wire::protocol::udp:
    case wire::protocol::esp:
      return 8;
    case wire::protocol::icmpv6:
    case wire::protocol::icmp:
      return 4;  // type, code and checksum are all that every message has
    case wire::protocol::sctp:
      return 12;
    default:
      return 0;
  }
}

}  // namespace

std::optional<DatagramSize> datagram_size(OctetView packet) noexcept {
  if (packet.empty()) return std::nullopt;
  if (packet[0] >> 4 == 4 && packet.size() >= ipv4_fixed_octets) {
    const std::size_t header = wire::load<&wire::Ipv4Header::ihl>(packet.data()) * std::size_t{4};
    const std::size_t total = wire::load<&wire::Ipv4Header::total_length>(packet.data());
    if (header < ipv4_fixed_octets || header > packet.size() || total < header) return std::nullopt;
    return DatagramSize{header, total};
  }
  if (packet[0] >> 4 == 6 && packet.size() >= ipv6_header_octets) {
    const std::size_t payload = wire::load<&wire::Ipv6Header::payload_length>(packet.data());
    const bool jumbogram = payload == 0 && wire::load<&wire::Ipv6Header::next_header>(packet.data()) ==
                                               wire::protocol::hop_by_hop;
    if (jumbogram) return std::nullopt;
    return DatagramSize{ipv6_header_octets, ipv6_header_octets + payload};
  }
  return std::nullopt;
}

bool Ipv6Chain::on_extension() const noexcept {
  return wire::protocol::is_ipv6_extension(number_) || number_ == wire::protocol::ah;
}

bool Ipv6Chain::step() noexcept {
  constexpr std::size_t smallest = 8;
  if (!on_extension() || packet_.size() - at_ < smallest) return false;
  const std::size_t stated = packet_[at_ + 1];
  const std::size_t length = number_ == wire::protocol::fragment ? smallest
                             : number_ == wire::protocol::ah     ? std::max(smallest, (stated + 2) * 4)
                                                                 : (stated + 1) * 8;
  if (packet_.size() - at_ < length) return false;
  number_ = packet_[at_];
  named_at_ = at_;
  at_ += length;
  return true;
}

bool Ipv6Chain::step_to_upper_layer() noexcept {
  while (on_extension())
    if (!step()) return false;
  return true;
}

std::size_t Ipv6Chain::upper_layer_end() const noexcept {
  return at_ + upper_header_octets(number_, packet_.subspan(at_));
}

}  // namespace mpsec::ipsec
