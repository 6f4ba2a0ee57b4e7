#include "ipsec/fragment.hpp"

#include "ipsec/upper_header.hpp"
#include "wire/checksum.hpp"
#include "wire/codec.hpp"
#include "wire/header_build.hpp"
#include "wire/ipv6_fragment.hpp"
#include "wire/protocol.hpp"

namespace mpsec::ipsec {
namespace {

constexpr std::size_t block = 8;  // offsets count in these
constexpr std::size_t fragment_header_octets = 8;

constexpr std::size_t whole_blocks(std::size_t octets) {
  return octets / block * block;
}

Fragments whole(OctetView datagram) {
  std::vector<HeldPacket> one;
  one.emplace_back(datagram);
  return one;
}

HeldPacket join(OctetView header, OctetView payload) {
  Octets packet(header.begin(), header.end());
  append(packet, payload);
  return HeldPacket(packet);
}

class Ipv4Cutter {
 public:
  Ipv4Cutter(const wire::Ipv4Header& header, OctetView payload) : original_(header), payload_(payload) {}

  // The original's own header, then one that kept only the options to be copied.
  Fragments cut(std::size_t mtu) const {
    std::vector<HeldPacket> pieces;
    Octets header = wire::encode(original_);
    for (std::size_t from = 0; from < payload_.size();) {
      const std::size_t room = mtu - header.size(), left = payload_.size() - from;
      const bool last = left <= room;
      const OctetView part = payload_.subspan(from, last ? left : whole_blocks(room));
      set_place(header, part.size(), from, last);
      pieces.push_back(join(header, part));
      if (from == 0) header = header_of_later_pieces();
      from += part.size();
    }
    return pieces;
  }

 private:
  //= rfc791/3.1/copied-flag-means-every-fragment
  Octets header_of_later_pieces() const {
    wire::Ipv4Header header = original_;
    std::erase_if(header.options, [](const wire::Ipv4Option& option) { return !option.copied(); });
    Octets octets = wire::encode(header);
    octets.resize((octets.size() + 3) / 4 * 4, wire::ipv4_option::end_of_list);
    wire::store<&wire::Ipv4Header::ihl>(octets.data(), static_cast<std::uint8_t>(octets.size() / 4));
    return octets;
  }

  //= rfc791/2.3/last-piece-keeps-the-flag-of-the-whole
  void set_place(Octets& header, std::size_t payload, std::size_t from, bool last) const {
    const bool more = !last || (original_.flags & wire::Ipv4Header::more_fragments) != 0;
    const int flags = (original_.flags & ~wire::Ipv4Header::more_fragments) | (more ? 1 : 0);
    using wire::Ipv4Header;
    wire::store<&Ipv4Header::flags>(header.data(), static_cast<std::uint8_t>(flags));
    wire::store<&Ipv4Header::fragment_offset>(
        header.data(), static_cast<std::uint16_t>(original_.fragment_offset + from / block));
    wire::store<&Ipv4Header::total_length>(header.data(),
                                           static_cast<std::uint16_t>(header.size() + payload));
    wire::store_ipv4_checksum(header.data(), header.size());
  }

  const wire::Ipv4Header& original_;
  OctetView payload_;
};

// Whether the datagram, taken as the fragment it may be, could stand among others.
bool place_is_possible(const wire::Ipv4Header& header, std::size_t payload) {
  const bool more = (header.flags & wire::Ipv4Header::more_fragments) != 0;
  return header.ihl * 4 + header.fragment_offset * block + payload <= 0xffff &&
         (!more || payload % block == 0);
}

HeldPacket ipv6_piece(OctetView datagram, const wire::HeaderWalk& walk, const wire::FragmentHeader& place,
                      OctetView payload) {
  Octets header(datagram.begin(), datagram.begin() + walk.per_fragment_end);
  header[walk.per_fragment_next_at] = wire::protocol::fragment;
  wire::write(header, place);
  const std::size_t behind_fixed = header.size() - wire::ipv6_header_size + payload.size();
  wire::store<&wire::Ipv6Header::payload_length>(header.data(), static_cast<std::uint16_t>(behind_fixed));
  return join(header, payload);
}

Fragments cut_ipv4(OctetView datagram, const wire::HeaderWalk& walk, std::size_t mtu) {
  const auto header = wire::decode<wire::Ipv4Header>(datagram.first(walk.upper_at));
  if (!header || !place_is_possible(*header, walk.upper_length()))
    return std::unexpected(Discard::malformed_packet);
  //= rfc791/2.3/dont-fragment-is-obeyed
  if (walk.dont_fragment || mtu < walk.upper_at + block) return std::unexpected(Discard::packet_too_big);
  return Ipv4Cutter(*header, datagram.subspan(walk.upper_at)).cut(mtu);
}

Fragments cut_ipv6(OctetView datagram, const wire::HeaderWalk& walk, std::size_t mtu,
                   std::uint32_t identification) {
  if (walk.fragment_header_at != 0) return std::unexpected(Discard::packet_too_big);
  if (!holds_upper_header(datagram, walk)) return std::unexpected(Discard::malformed_packet);
  //= rfc8200/4.5/per-fragment-headers-end-with-the-routing-header
  const OctetView payload = datagram.subspan(walk.per_fragment_end);
  const std::size_t first_at_least = walk.upper_at - walk.per_fragment_end +
                                     upper_header_octets(walk.protocol, datagram.subspan(walk.upper_at));
  const std::size_t overhead = walk.per_fragment_end + fragment_header_octets;
  const std::size_t room = mtu > overhead ? whole_blocks(mtu - overhead) : 0;
  //= rfc8200/4.5/upper-layer-header-in-the-first-fragment
  if (room == 0 || room < first_at_least) return std::unexpected(Discard::packet_too_big);

  wire::FragmentHeader place{.next_header = datagram[walk.per_fragment_next_at],
                             .identification = identification};
  std::vector<HeldPacket> pieces;
  for (std::size_t from = 0; from < payload.size();) {
    const std::size_t left = payload.size() - from;
    const bool last = left <= mtu - overhead;
    const OctetView part = payload.subspan(from, last ? left : room);
    place.fragment_offset = static_cast<std::uint16_t>(from / block);
    place.more_fragments = last ? 0 : 1;
    pieces.push_back(ipv6_piece(datagram, walk, place, part));
    from += part.size();
  }
  return pieces;
}

}  // namespace

Fragments fragment(OctetView packet, std::size_t mtu, std::uint32_t identification) {
  const auto walk = wire::walk_headers(packet);
  if (!walk && walk.error() == wire::WalkError::wrong_version)
    return std::unexpected(Discard::unsupported_ip_version);
  if (!walk) return std::unexpected(Discard::malformed_packet);
  const OctetView datagram = packet.first(walk->total_length);
  if (datagram.size() <= mtu) return whole(datagram);
  return walk->version == IpVersion::v4 ? cut_ipv4(datagram, *walk, mtu)
                                        : cut_ipv6(datagram, *walk, mtu, identification);
}

}  // namespace mpsec::ipsec
