// depends: gateway_io wire
#include "support/segmentation_law.hpp"

#include <vector>

#include "gateway/io/segmentation.hpp"
#include "support/require.hpp"
#include "wire/header_build.hpp"
#include "wire/header_walk.hpp"
#include "wire/protocol.hpp"

namespace mpsec::fuzz {
namespace {

using gateway::PacketCut;
using gateway::PacketRow;

// The walk, where the packet is whole and TCP or UDP right behind a fixed header.
std::optional<wire::HeaderWalk> plain(OctetView packet) {
  const auto walk = wire::walk_headers(packet);
  if (!walk || walk->is_fragment() || walk->total_length != packet.size()) return std::nullopt;
  const bool tcp = walk->protocol == wire::protocol::tcp;
  if (!tcp && walk->protocol != wire::protocol::udp) return std::nullopt;
  if (packet.size() - walk->upper_at < (tcp ? 20u : 8u)) return std::nullopt;
  return *walk;
}

std::uint16_t upper_sum(OctetView packet, const wire::HeaderWalk& walk) {
  const bool v4 = walk.version == IpVersion::v4;
  const OctetView from = packet.subspan(v4 ? 12 : 8, v4 ? 4 : 16),
                  to = packet.subspan(v4 ? 16 : 24, v4 ? 4 : 16);
  return wire::pseudo_header_sum(from, to, walk.protocol, walk.upper_length())
      .add(packet.subspan(walk.upper_at))
      .folded();
}

// The packet with right checksums, or with none.
Octets with_checksums(OctetView packet, bool right) {
  Octets result(packet.begin(), packet.end());
  const auto walk = plain(packet);
  if (!walk) return result;
  std::uint8_t* field = result.data() + walk->upper_at + (walk->protocol == wire::protocol::tcp ? 16 : 6);
  if (walk->version == IpVersion::v4) store_be<std::uint16_t>(result.data() + 10, 0);
  store_be<std::uint16_t>(field, 0);
  if (!right) return result;
  if (walk->version == IpVersion::v4) wire::store_ipv4_checksum(result.data(), walk->per_fragment_end);
  const auto sum = static_cast<std::uint16_t>(~upper_sum(result, *walk));
  store_be(field, walk->protocol == wire::protocol::tcp ? sum : wire::udp_checksum_on_wire(sum));
  return result;
}

Octets whole(const PacketRow& row) {
  std::array<std::uint8_t, PacketRow::largest_header> room;
  const OctetView header = row.write_header(room);
  Octets packet(header.begin(), header.end());
  for (const OctetView payload : row.payloads())
    append(packet, payload);
  return packet;
}

std::vector<Octets> segments_of(const PacketCut& cut, std::size_t most) {
  std::vector<Octets> segments;
  for (std::size_t i = 0; i < std::min(cut.count(), most); ++i)
    cut.write(i, segments.emplace_back(cut.size(i)).data());
  return segments;
}

void row_is_lawful(const PacketRow& row, std::span<const Octets> packets) {
  if (row.count() < 2) return;
  const Octets packet = whole(row);
  require(packet.size() <= 0xffff, "a row is one IP packet");
  const auto cut = PacketCut::of(packet, row.segment());
  require(cut && cut->count() == row.count(), "a row can be cut again, into as many");
  const auto segments = segments_of(*cut, row.count());
  for (std::size_t i = 0; i < segments.size(); ++i) {
    Octets before = packets[i], after = segments[i];
    // RFC 6864 4.1: with DF the identification says nothing.
    if (row.version() == IpVersion::v4 && (before[6] & 0x40) != 0)
      for (Octets* one : {&before, &after})
        store_be<std::uint16_t>(one->data() + 4, 0);
    require(with_checksums(before, false) == with_checksums(after, false), "a row that is cut is as it was");
  }
}

}  // namespace

void cutting_is_lawful(OctetView packet, std::size_t segment) {
  const auto cut = PacketCut::of(packet, segment);
  if (!cut) return;
  const auto segments = segments_of(*cut, PacketRow::most);
  PacketRow row;
  row.begin(segments.front());
  std::size_t joined = 1;
  for (std::size_t i = 0; i < segments.size(); ++i) {
    const auto walk = plain(segments[i]);
    require(walk.has_value(), "a segment is a packet");
    require(upper_sum(segments[i], *walk) == 0xffff, "a segment's checksum holds");
    if (i > 0 && joined == i && row.add(segments[i])) ++joined;
  }
  if (joined < 2 || joined < cut->count()) return;
  Octets expected = with_checksums(packet, false);
  const auto walk = plain(packet);
  if (walk->protocol == wire::protocol::udp)  // a wrong length is not kept
    store_be(expected.data() + walk->upper_at + 4, static_cast<std::uint16_t>(walk->upper_length()));
  require(with_checksums(whole(row), false) == expected, "cut and joined is as it was");
}

void joining_is_lawful(OctetView octets) {
  std::vector<Octets> packets;
  while (octets.size() >= 2) {
    const std::uint16_t word = load_be<std::uint16_t>(octets.data());
    octets = octets.subspan(2);
    const OctetView packet = octets.first(std::min<std::size_t>(word & 0x7fff, octets.size()));
    octets = octets.subspan(packet.size());
    packets.push_back(word >> 15 == 0 ? with_checksums(packet, true) : Octets(packet.begin(), packet.end()));
  }
  std::size_t first = 0;
  PacketRow row;
  for (std::size_t i = 0; i < packets.size(); ++i) {
    if (i > first && row.add(packets[i])) continue;
    row_is_lawful(row, std::span(packets).subspan(first, i - first));
    row.begin(packets[i]);
    first = i;
  }
  row_is_lawful(row, std::span(packets).subspan(first));
}

}  // namespace mpsec::fuzz
