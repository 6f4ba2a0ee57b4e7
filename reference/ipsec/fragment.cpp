#include "ipsec/fragment.hpp"

#include "ipsec/datagram_parts.hpp"
#include "wire/checksum.hpp"
#include "wire/codec.hpp"
#include "wire/ipv6_fragment.hpp"

namespace mpsec::ipsec {
namespace {

constexpr std::size_t block = 8;  // offsets count in these
constexpr std::size_t fragment_header_octets = 8;

constexpr std::size_t whole_blocks(std::size_t octets) {
  return octets / block * block;
}

// The datagram that `packet` starts with, nothing behind it; empty if it is not there wholly.
OctetView stated_part(OctetView packet) {
  const auto size = datagram_size(packet);
  return size && size->total <= packet.size() ? packet.first(size->total) : OctetView{};
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
    wire::store<&Ipv4Header::checksum>(header.data(), 0);
    wire::store<&Ipv4Header::checksum>(header.data(), wire::internet_checksum(header));
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

// How an IPv6 packet parts into what every piece repeats and what is cut.
struct Ipv6Parts {
  std::size_t repeated = ipv6_header_octets;  // octets of the per-fragment headers
  std::size_t named_at = 0;                   // the octet that names what follows them
  std::size_t first_at_least = 0;             // octets that the first piece must hold of what is cut
};

std::expected<Ipv6Parts, Discard> parts_of(OctetView datagram) {
  Ipv6Chain chain(datagram);
  Ipv6Parts parts{.named_at = chain.named_at()};
  //= rfc8200/4.5/per-fragment-headers-end-with-the-routing-header
  while (chain.on_extension()) {
    const std::uint8_t number = chain.number();
    if (number == wire::protocol::fragment) return std::unexpected(Discard::packet_too_big);
    const bool repeat = number == wire::protocol::routing ||
                        (number == wire::protocol::hop_by_hop && chain.at() == ipv6_header_octets);
    if (!chain.step()) return std::unexpected(Discard::malformed_packet);
    if (repeat) parts.repeated = chain.at(), parts.named_at = chain.named_at();
  }
  const std::size_t end = chain.upper_layer_end();
  if (end > datagram.size()) return std::unexpected(Discard::malformed_packet);
  parts.first_at_least = end - parts.repeated;
  return parts;
}

HeldPacket ipv6_piece(OctetView datagram, const Ipv6Parts& parts, const wire::FragmentHeader& place,
                      OctetView payload) {
  Octets header(datagram.begin(), datagram.begin() + static_cast<std::ptrdiff_t>(parts.repeated));
  header[parts.named_at] = wire::protocol::fragment;
  wire::write(header, place);
  const std::size_t behind_fixed = header.size() - ipv6_header_octets + payload.size();
  wire::store<&wire::Ipv6Header::payload_length>(header.data(), static_cast<std::uint16_t>(behind_fixed));
  return join(header, payload);
}

}  // namespace

Fragments fragment_ipv4(OctetView packet, std::size_t mtu) {
  const OctetView datagram = stated_part(packet);
  if (datagram.empty() || datagram[0] >> 4 != 4) return std::unexpected(Discard::malformed_packet);
  if (datagram.size() <= mtu) return whole(datagram);
  const std::size_t header_octets = datagram_size(datagram)->header;
  const auto header = wire::decode<wire::Ipv4Header>(datagram.first(header_octets));
  const OctetView payload = datagram.subspan(header_octets);
  if (!header || !place_is_possible(*header, payload.size()))
    return std::unexpected(Discard::malformed_packet);
  //= rfc791/2.3/dont-fragment-is-obeyed
  const bool may_be_cut = (header->flags & wire::Ipv4Header::dont_fragment) == 0;
  if (!may_be_cut || mtu < header_octets + block) return std::unexpected(Discard::packet_too_big);
  return Ipv4Cutter(*header, payload).cut(mtu);
}

Fragments fragment_ipv6(OctetView packet, std::size_t mtu, std::uint32_t identification) {
  const OctetView datagram = stated_part(packet);
  if (datagram.empty() || datagram[0] >> 4 != 6) return std::unexpected(Discard::malformed_packet);
  if (datagram.size() <= mtu) return whole(datagram);
  const auto parts = parts_of(datagram);
  if (!parts) return std::unexpected(parts.error());
  const std::size_t overhead = parts->repeated + fragment_header_octets;
  const std::size_t room = mtu > overhead ? whole_blocks(mtu - overhead) : 0;
  //= rfc8200/4.5/upper-layer-header-in-the-first-fragment
  if (room == 0 || room < parts->first_at_least) return std::unexpected(Discard::packet_too_big);

  const OctetView payload = datagram.subspan(parts->repeated);
  wire::FragmentHeader place{.next_header = datagram[parts->named_at], .identification = identification};
  std::vector<HeldPacket> pieces;
  for (std::size_t from = 0; from < payload.size();) {
    const std::size_t left = payload.size() - from;
    const bool last = left <= mtu - overhead;
    place.fragment_offset = static_cast<std::uint16_t>(from / block);
    place.more_fragments = last ? 0 : 1;
    const OctetView part = payload.subspan(from, last ? left : room);
    pieces.push_back(ipv6_piece(datagram, *parts, place, part));
    from += part.size();
  }
  return pieces;
}

Fragments fragment(OctetView datagram, std::size_t mtu, std::uint32_t identification) {
  if (datagram.empty()) return std::unexpected(Discard::malformed_packet);
  if (datagram[0] >> 4 == 4) return fragment_ipv4(datagram, mtu);
  if (datagram[0] >> 4 == 6) return fragment_ipv6(datagram, mtu, identification);
  return std::unexpected(Discard::unsupported_ip_version);
}

}  // namespace mpsec::ipsec
