#include "ipsec/fragment_buffer.hpp"

#include <algorithm>

#include "ipsec/upper_header.hpp"
#include "wire/codec.hpp"
#include "wire/header_build.hpp"
#include "wire/ipv6_extension.hpp"
#include "wire/ipv6_fragment.hpp"
#include "wire/protocol.hpp"

namespace mpsec::ipsec {
namespace {

constexpr std::size_t block = 8;  // offsets count in these
constexpr std::size_t fragment_header_octets = 8;
constexpr std::size_t largest = 0xffff;  // IPv4: of the datagram; IPv6: of what follows the fixed header

// The octet that names the first fragment header of an IPv6 packet in which there is one.
std::uint32_t octet_naming_fragment_header(OctetView packet) {
  std::uint32_t named_at = wire::offset_of<&wire::Ipv6Header::next_header>, at = wire::ipv6_header_size;
  while (packet[named_at] != wire::protocol::fragment) {
    named_at = at;
    at += (packet[at + wire::offset_of<&wire::Ipv6ExtensionHeader::length>] + 1u) * 8;
  }
  return named_at;
}

FragmentPart read_ipv4(OctetView packet, const wire::HeaderWalk& walk) {
  return {.header = packet.first(walk.upper_at),
          .payload = packet.subspan(walk.upper_at, walk.upper_length()),
          .offset = walk.fragment_offset,
          .more = walk.more_fragments,
          .named_at = walk.protocol_at,
          .payload_starts = walk.protocol,
          .ecn = static_cast<Ecn>(wire::load<&wire::Ipv4Header::ecn>(packet.data()))};
}

std::expected<FragmentPart, Discard> read_ipv6(OctetView packet, const wire::HeaderWalk& walk) {
  const std::uint32_t at = walk.fragment_header_at;
  const std::uint32_t named_at = octet_naming_fragment_header(packet.first(at + 1));
  const std::uint32_t first = named_at == wire::offset_of<&wire::Ipv6Header::next_header>
                                  ? std::uint32_t{wire::ipv6_header_size}
                                  : named_at + (packet[named_at + 1] + 1u) * 8;
  if (first != at) return std::unexpected(Discard::malformed_packet);
  //= rfc8200/4.5/first-fragment-holds-all-headers
  if (walk.starts_upper_layer() && !holds_upper_header(packet, walk))
    return std::unexpected(Discard::reassembly_failed);
  const std::uint32_t payload_at = at + fragment_header_octets;
  return FragmentPart{.header = packet.first(at),
                      .payload = packet.subspan(payload_at, walk.total_length - payload_at),
                      .offset = walk.fragment_offset,
                      .more = walk.more_fragments,
                      .named_at = named_at,
                      .payload_starts = wire::load<&wire::FragmentHeader::next_header>(packet.data() + at),
                      .ecn = static_cast<Ecn>(wire::load<&wire::Ipv6Header::ecn>(packet.data()))};
}

// Octets of a datagram with this header and payload, as the limit counts them.
std::size_t counted(OctetView header, std::size_t payload) {
  const std::size_t not_counted = header[0] >> 4 == 6 ? wire::ipv6_header_size : 0;
  return header.size() - not_counted + payload;
}

}  // namespace

std::expected<FragmentPart, Discard> read_fragment(OctetView packet, const wire::HeaderWalk& walk) {
  const auto part = walk.version == IpVersion::v4
                        ? std::expected<FragmentPart, Discard>(read_ipv4(packet, walk))
                        : read_ipv6(packet, walk);
  if (!part) return part;
  //= rfc8200/4.5/fragment-of-no-whole-blocks-is-discarded
  const bool whole_blocks = !part->more || part->payload.size() % block == 0;
  //= rfc8200/4.5/fragment-beyond-the-largest-packet-is-discarded
  const bool within = counted(part->header, part->offset + part->payload.size()) <= largest;
  const bool atomic = !part->more && part->offset == 0;
  if (!whole_blocks || !within || (part->payload.empty() && !atomic))
    return std::unexpected(Discard::reassembly_failed);
  return part;
}

FragmentBuffer::Added FragmentBuffer::add(const FragmentPart& part) {
  if (!end_fits(part)) return Added::conflict;
  const auto same = pieces_.find(part.offset);
  //= rfc8200/4.5/exact-duplicate-may-be-dropped
  if (same != pieces_.end() && (part.more || end_) && std::ranges::equal(same->second, part.payload))
    return Added::duplicate;
  //= rfc8200/4.5/overlap-abandons-the-packet
  if (overlaps(part.offset, part.payload.size())) return Added::conflict;

  pieces_.emplace(part.offset, Octets(part.payload.begin(), part.payload.end()));
  octets_ += part.payload.size();
  cost_ += cost_of(part);
  marks_[static_cast<std::size_t>(part.ecn)] = true;
  if (!part.more) end_ = static_cast<std::uint32_t>(part.offset + part.payload.size());
  //= rfc8200/4.5/only-the-first-fragment-gives-headers
  if (part.offset == 0) {
    header_.assign(part.header.begin(), part.header.end());
    named_at_ = part.named_at;
    payload_starts_ = part.payload_starts;
  }
  return complete() ? Added::complete : Added::incomplete;
}

// All pieces end where the last one ends, or before.
bool FragmentBuffer::end_fits(const FragmentPart& part) const {
  const std::size_t end = part.offset + part.payload.size();
  if (end_) return part.more ? end < *end_ : end == *end_;
  if (part.more || pieces_.empty()) return true;
  const auto& [offset, octets] = *pieces_.rbegin();
  return offset + octets.size() <= end;
}

bool FragmentBuffer::overlaps(std::uint32_t offset, std::size_t size) const {
  const auto behind = pieces_.lower_bound(offset);
  if (behind != pieces_.end() && offset + size > behind->first) return true;
  if (behind == pieces_.begin()) return false;
  const auto& [before, octets] = *std::prev(behind);
  return before + octets.size() > offset;
}

std::optional<HeldPacket> FragmentBuffer::join() {
  const auto seen = [this](Ecn ecn) { return marks_[static_cast<std::size_t>(ecn)]; };
  //= rfc3168/5.3/no-mark-on-what-does-not-understand-it
  const bool contradiction = seen(Ecn::ce) && seen(Ecn::not_ect);
  std::optional<HeldPacket> whole;
  if (!contradiction && counted(header_, octets_) <= largest) {
    finish_header(octets_);
    Octets packet = std::move(header_);
    packet.reserve(packet.size() + octets_);
    for (const auto& [offset, octets] : pieces_)
      append(packet, octets);
    whole.emplace(packet);
  }
  *this = {};
  return whole;
}

Octets FragmentBuffer::first_fragment(std::uint32_t identification) const {
  const auto first = pieces_.find(0);
  if (first == pieces_.end()) return {};
  Octets packet = header_;
  if (packet[0] >> 4 == 6) {
    wire::FragmentHeader header;
    header.next_header = payload_starts_;
    header.more_fragments = 1;
    header.identification = identification;
    append(packet, wire::encode(header));
  }
  append(packet, first->second);
  return packet;
}

void FragmentBuffer::finish_header(std::size_t payload) {
  std::uint8_t* at = header_.data();
  const bool congested = marks_[static_cast<std::size_t>(Ecn::ce)];
  header_[named_at_] = payload_starts_;
  const auto stated = static_cast<std::uint16_t>(counted(header_, payload));
  //= rfc3168/5.3/a-mark-on-one-fragment-marks-the-whole
  if (header_[0] >> 4 == 6) {
    wire::store<&wire::Ipv6Header::payload_length>(at, stated);
    if (congested) wire::store<&wire::Ipv6Header::ecn>(at, static_cast<std::uint8_t>(Ecn::ce));
    return;
  }
  if (congested) wire::store<&wire::Ipv4Header::ecn>(at, static_cast<std::uint8_t>(Ecn::ce));
  const std::uint8_t flags = wire::load<&wire::Ipv4Header::flags>(at);
  wire::store<&wire::Ipv4Header::flags>(
      at, static_cast<std::uint8_t>(flags & ~unsigned{wire::Ipv4Header::more_fragments}));
  wire::store<&wire::Ipv4Header::total_length>(at, stated);
  wire::store_ipv4_checksum(at, header_.size());
}

}  // namespace mpsec::ipsec
