#include "gateway/io/segmentation.hpp"

#include <cstring>

#include "wire/header_build.hpp"
#include "wire/header_walk.hpp"
#include "wire/protocol.hpp"
#include "wire/tcp.hpp"

namespace mpsec::gateway {
namespace {

using wire::Ipv4Header;
using wire::Ipv6Header;
using wire::TcpHeader;
using wire::UdpHeader;

constexpr std::size_t least_tcp = 20, largest_packet = 0xffff;
constexpr std::uint8_t of_last = TcpHeader::fin | TcpHeader::psh;
// What only stands alone, or asks for something at once.
constexpr std::uint8_t never_joined = TcpHeader::syn | TcpHeader::rst | TcpHeader::urg;

std::uint8_t& flags_of(std::uint8_t* tcp) {
  return tcp[13];
}
std::uint8_t flags_of(const std::uint8_t* tcp) {
  return tcp[13];
}

std::size_t checksum_offset(bool tcp) {
  return tcp ? wire::offset_of<&TcpHeader::checksum> : wire::offset_of<&UdpHeader::checksum>;
}

// Where the payload begins of the TCP or UDP header at `upper_at`; nothing if that is not in the packet.
std::optional<std::size_t> payload_place(OctetView packet, std::size_t upper_at, bool tcp) {
  const std::size_t left = packet.size() - upper_at;
  if (!tcp)
    return left >= wire::udp_header_size ? std::optional(upper_at + wire::udp_header_size) : std::nullopt;
  if (left < least_tcp) return std::nullopt;
  const std::size_t octets = wire::load<&TcpHeader::data_offset>(packet.data() + upper_at) * std::size_t{4};
  if (octets < least_tcp || octets > left) return std::nullopt;
  return upper_at + octets;
}

wire::OnesComplementSum pseudo_sum(const std::uint8_t* ip, IpVersion version, bool tcp,
                                   std::size_t upper_octets) {
  const std::uint8_t protocol = tcp ? wire::protocol::tcp : wire::protocol::udp;
  const bool v4 = version == IpVersion::v4;
  const std::size_t at = v4 ? wire::offset_of<&Ipv4Header::source> : wire::offset_of<&Ipv6Header::source>;
  const std::size_t size = v4 ? 4 : 16;
  return wire::pseudo_header_sum({ip + at, size}, {ip + at + size, size}, protocol,
                                 static_cast<std::uint32_t>(upper_octets));
}

// The lengths of an IP header, and of UDP's behind it, for a packet of `size` octets; IPv4's checksum is not
// touched.
void store_lengths(std::uint8_t* packet, IpVersion version, bool tcp, std::size_t upper_at,
                   std::size_t size) {
  if (version == IpVersion::v4)
    wire::store<&Ipv4Header::total_length>(packet, static_cast<std::uint16_t>(size));
  else
    wire::store<&Ipv6Header::payload_length>(packet,
                                             static_cast<std::uint16_t>(size - wire::ipv6_header_size));
  if (!tcp) wire::store<&UdpHeader::length>(packet + upper_at, static_cast<std::uint16_t>(size - upper_at));
}

bool checksums_hold(OctetView packet, IpVersion version, bool tcp, std::size_t upper_at) {
  if (version == IpVersion::v4 && !wire::OnesComplementSum().add(packet.first(upper_at)).holds())
    return false;
  const OctetView upper = packet.subspan(upper_at);
  // UDP over IPv4 may have none; a large packet always gets one.
  if (!tcp && wire::load<&UdpHeader::checksum>(upper.data()) == 0) return false;
  return pseudo_sum(packet.data(), version, tcp, upper.size()).add(upper).holds();
}

}  // namespace

std::optional<PacketCut> PacketCut::of(OctetView packet, std::size_t segment) noexcept {
  const auto walk = wire::walk_headers(packet);
  if (!walk || segment == 0 || walk->is_fragment() || walk->total_length != packet.size())
    return std::nullopt;
  PacketCut cut;
  cut.tcp_ = walk->protocol == wire::protocol::tcp;
  if (!cut.tcp_ && walk->protocol != wire::protocol::udp) return std::nullopt;
  // A routing header would have another destination in the checksum.
  if (walk->version == IpVersion::v6 && walk->upper_at != wire::ipv6_header_size) return std::nullopt;
  const auto payload_at = payload_place(packet, walk->upper_at, cut.tcp_);
  if (!payload_at || *payload_at == packet.size()) return std::nullopt;
  cut.packet_ = packet;
  cut.version_ = walk->version;
  cut.upper_at_ = walk->upper_at, cut.payload_at_ = *payload_at, cut.segment_ = segment;
  return cut;
}

std::size_t PacketCut::payload_octets(std::size_t i) const noexcept {
  return std::min(segment_, packet_.size() - payload_at_ - i * segment_);
}

std::size_t PacketCut::size(std::size_t i) const noexcept {
  return payload_at_ + payload_octets(i);
}

void PacketCut::write(std::size_t i, std::uint8_t* to) const noexcept {
  const std::size_t total = size(i);
  std::memcpy(to, packet_.data(), payload_at_);
  std::memcpy(to + payload_at_, packet_.data() + payload_at_ + i * segment_, total - payload_at_);
  store_lengths(to, version_, tcp_, upper_at_, total);
  if (version_ == IpVersion::v4) {
    const std::uint16_t identification = wire::load<&Ipv4Header::identification>(to);
    wire::store<&Ipv4Header::identification>(to, static_cast<std::uint16_t>(identification + i));
    wire::store_ipv4_checksum(to, upper_at_);
  }
  std::uint8_t* upper = to + upper_at_;
  if (tcp_) {
    const std::uint32_t sequence = wire::load<&TcpHeader::sequence_number>(upper);
    wire::store<&TcpHeader::sequence_number>(upper, static_cast<std::uint32_t>(sequence + i * segment_));
    if (i > 0) flags_of(upper) &= static_cast<std::uint8_t>(~TcpHeader::cwr);
    if (i + 1 < count()) flags_of(upper) &= static_cast<std::uint8_t>(~of_last);
  }
  store_be<std::uint16_t>(upper + checksum_offset(tcp_), 0);
  const std::size_t upper_octets = total - upper_at_;
  const std::uint16_t sum =
      pseudo_sum(to, version_, tcp_, upper_octets).add({upper, upper_octets}).checksum();
  store_be(upper + checksum_offset(tcp_), tcp_ ? sum : wire::udp_checksum_on_wire(sum));
}

void PacketRow::begin(OctetView packet) noexcept {
  first_ = packet;
  count_ = 1, octets_ = packet.size();
  open_ = verified_ = same_identification_ = false;
  const wire::PlainHead head = wire::plain_head(packet);
  if (head.octets == 0 || head.total_length != packet.size()) return;
  tcp_ = packet[head.protocol_at] == wire::protocol::tcp;
  if (!tcp_ && packet[head.protocol_at] != wire::protocol::udp) return;
  version_ = head.version;
  upper_at_ = head.octets;
  const auto payload_at = payload_place(packet, upper_at_, tcp_);
  if (!payload_at || *payload_at == packet.size()) return;
  if (!tcp_ && wire::load<&UdpHeader::length>(packet.data() + upper_at_) != packet.size() - upper_at_) return;
  payload_at_ = *payload_at;
  payloads_[0] = packet.subspan(payload_at_);
  last_flags_ = tcp_ ? flags_of(packet.data() + upper_at_) : std::uint8_t{0};
  open_ = (last_flags_ & (never_joined | of_last)) == 0;
}

bool PacketRow::add(OctetView packet) noexcept {
  if (!open_ || count_ == most || !continues(packet)) return false;
  // Only now is it worth the time.
  if (!verified_) open_ = verified_ = checksums_hold(first_, version_, tcp_, upper_at_);
  if (!open_ || !checksums_hold(packet, version_, tcp_, upper_at_)) return false;
  if (count_ == 1 && version_ == IpVersion::v4)
    same_identification_ = wire::load<&Ipv4Header::identification>(packet.data()) ==
                           wire::load<&Ipv4Header::identification>(first_.data());
  payloads_[count_++] = packet.subspan(payload_at_);
  octets_ += packet.size() - payload_at_;
  if (tcp_) last_flags_ = flags_of(packet.data() + upper_at_);
  open_ = packet.size() == first_.size() && (last_flags_ & of_last) == 0;
  return true;
}

// In all but the checksums.
bool PacketRow::continues(OctetView packet) const noexcept {
  const wire::PlainHead head = wire::plain_head(packet);
  const std::uint8_t *a = first_.data(), *b = packet.data();
  const auto same = [&](std::size_t from, std::size_t to) {
    return std::memcmp(a + from, b + from, to - from) == 0;
  };
  if (head.octets != upper_at_ || head.version != version_ || head.total_length != packet.size())
    return false;
  if (packet.size() <= payload_at_ || packet.size() > first_.size()) return false;
  if (octets_ + packet.size() - payload_at_ > largest_packet) return false;
  if (version_ == IpVersion::v4) {
    // All but total length, identification and checksum.
    if (!same(0, 2) || !same(6, 10) || !same(12, upper_at_) || !identification_continues(packet))
      return false;
  } else if (!same(0, 4) || !same(6, upper_at_)) {
    return false;
  }
  const std::uint8_t* upper = b + upper_at_;
  const std::size_t ports_end = upper_at_ + 4;
  if (!tcp_)
    return same(upper_at_, ports_end) && wire::load<&UdpHeader::length>(upper) == packet.size() - upper_at_;
  // All but sequence number, flags and checksum.
  constexpr std::size_t acknowledgment = wire::offset_of<&TcpHeader::acknowledgment_number>;
  constexpr std::size_t window = wire::offset_of<&TcpHeader::window>;
  constexpr std::size_t urgent = wire::offset_of<&TcpHeader::urgent_pointer>;
  if (!same(upper_at_, ports_end) || !same(upper_at_ + acknowledgment, upper_at_ + 13)) return false;
  if (!same(upper_at_ + window, upper_at_ + window + 2) || !same(upper_at_ + urgent, payload_at_))
    return false;
  const auto wanted = wire::load<&TcpHeader::sequence_number>(a + upper_at_) + (octets_ - payload_at_);
  if (wire::load<&TcpHeader::sequence_number>(upper) != static_cast<std::uint32_t>(wanted)) return false;
  const std::uint8_t first_flags = flags_of(a + upper_at_) & static_cast<std::uint8_t>(~TcpHeader::cwr);
  return (flags_of(upper) & static_cast<std::uint8_t>(~of_last)) == first_flags;
}

bool PacketRow::identification_continues(OctetView packet) const noexcept {
  const auto first = wire::load<&Ipv4Header::identification>(first_.data());
  const auto own = wire::load<&Ipv4Header::identification>(packet.data());
  const bool counted = own == static_cast<std::uint16_t>(first + count_);
  if ((wire::load<&Ipv4Header::flags>(first_.data()) & Ipv4Header::dont_fragment) == 0) return counted;
  if (count_ == 1) return counted || own == first;
  return same_identification_ ? own == first : counted;
}

bool PacketRow::congestion_window_reduced() const noexcept {
  return tcp_ && (flags_of(first_.data() + upper_at_) & TcpHeader::cwr) != 0;
}

OctetView PacketRow::write_header(std::span<std::uint8_t, largest_header> room) const noexcept {
  std::memcpy(room.data(), first_.data(), payload_at_);
  store_lengths(room.data(), version_, tcp_, upper_at_, octets_);
  if (version_ == IpVersion::v4) wire::store_ipv4_checksum(room.data(), upper_at_);
  std::uint8_t* upper = room.data() + upper_at_;
  if (tcp_) flags_of(upper) |= last_flags_;
  store_be(upper + checksum_offset(tcp_),
           pseudo_sum(room.data(), version_, tcp_, octets_ - upper_at_).folded());
  return room.first(payload_at_);
}

bool complete_checksum(MutableOctets packet, std::size_t start, std::size_t offset) noexcept {
  if (start > packet.size() || packet.size() - start < 2 || offset > packet.size() - start - 2) return false;
  const MutableOctets covered = packet.subspan(start);
  const std::uint16_t sum = wire::OnesComplementSum().add(covered).checksum();
  // The same sum either way; and UDP must not say that there is none.
  store_be(covered.data() + offset, wire::udp_checksum_on_wire(sum));
  return true;
}

}  // namespace mpsec::gateway
