#include "ipsec/ah_packet.hpp"

#include <algorithm>
#include <cstring>

#include "wire/header_build.hpp"
#include "wire/header_walk.hpp"
#include "wire/ipv6_fragment.hpp"
#include "wire/protocol.hpp"

namespace mpsec::ipsec {
namespace {

using namespace wire;

constexpr std::size_t largest_length = 0xffff;             // of the 16-bit fields of both IP headers
constexpr std::uint32_t length_unit = 4, length_bias = 2;  // RFC 4302 2.2

// The headers of a packet that is as long as its IP header says and is no fragment.
std::expected<HeaderWalk, Discard> walk_whole(OctetView packet) noexcept {
  const auto walk = walk_headers(packet);
  if (!walk)
    return std::unexpected(walk.error() == WalkError::wrong_version ? Discard::unsupported_ip_version
                                                                    : Discard::malformed_packet);
  if (walk->total_length != packet.size()) return std::unexpected(Discard::malformed_packet);
  //= rfc4302/3.3.4/transport-mode-protects-whole-datagrams
  //= rfc4302/3.4.1/fragment-is-discarded
  if (walk->is_fragment()) return std::unexpected(Discard::fragment_for_ipsec);
  return *walk;
}

// Where AH goes, its length still open.
//= rfc4302/3.1.1/behind-hop-by-hop-routing-and-fragment-headers
AhPlace place_for_ah(const HeaderWalk& walk) noexcept {
  if (walk.fragment_header_at < walk.per_fragment_end)
    return {.at = walk.per_fragment_end, .named_at = walk.per_fragment_next_at};
  constexpr std::uint32_t size = end_of<&FragmentHeader::identification>;
  constexpr std::uint32_t named_at = offset_of<&FragmentHeader::next_header>;
  return {.at = walk.fragment_header_at + size, .named_at = walk.fragment_header_at + named_at};
}

// Announces `number` at `named_at`, and makes the IP header say how long the packet has become.
void announce(MutableOctets packet, std::uint32_t named_at, std::uint8_t number) noexcept {
  if (load<&Ipv4Header::version>(packet.data()) == 4)
    return change_ipv4_payload(packet.data(), number, static_cast<std::uint16_t>(packet.size()));
  packet[named_at] = number;
  store<&Ipv6Header::payload_length>(packet.data(),
                                     static_cast<std::uint16_t>(packet.size() - ipv6_header_size));
}

}  // namespace

std::expected<AhPlace, Discard> ah_encapsulate(PacketBuffer& packet, const AhLayout& layout, Spi spi,
                                               std::uint64_t number) noexcept {
  const auto walk = walk_whole(packet.view());
  if (!walk) return std::unexpected(walk.error());
  const bool is_v6 = walk->version == IpVersion::v6;
  AhPlace place = place_for_ah(*walk);
  place.octets = layout.header_octets(walk->version);
  if (packet.size() + place.octets - (is_v6 ? ipv6_header_size : 0) > largest_length)
    return std::unexpected(Discard::oversized_packet);
  if (packet.headroom() < place.octets) return std::unexpected(Discard::no_room);

  packet.prepend(place.octets);
  std::uint8_t* start = packet.data();
  std::memmove(start, start + place.octets, place.at);
  std::uint8_t* ah = start + place.at;
  //= rfc4302/2.3/reserved-is-zero
  std::memset(ah, 0, place.octets);
  store<&Ah::next_header>(ah, start[place.named_at]);
  store<&Ah::payload_length>(ah, static_cast<std::uint8_t>(place.octets / length_unit - length_bias));
  store<&Ah::spi>(ah, spi);
  store<&Ah::sequence_number>(ah, static_cast<std::uint32_t>(number));
  if (layout.iv_octets == sizeof number) store_be(start + place.iv_at(), number);
  //= rfc4302/2/header-in-front-announces-51
  announce(packet.writable(), place.named_at, protocol::ah);
  return place;
}

std::expected<AhPlace, Discard> ah_locate(OctetView packet) noexcept {
  const auto walk = walk_whole(packet);
  if (!walk) return std::unexpected(walk.error());
  if (walk->protocol != protocol::ah) return std::unexpected(Discard::malformed_packet);
  if (walk->upper_length() < Ah::fixed_size) return std::unexpected(Discard::ah_bad_length);
  const auto payload_length = load<&Ah::payload_length>(packet.data() + walk->upper_at);
  const std::uint32_t octets = (payload_length + length_bias) * length_unit;
  if (octets < Ah::fixed_size || octets > walk->upper_length())
    return std::unexpected(Discard::ah_bad_length);
  return AhPlace{.at = walk->upper_at, .named_at = walk->protocol_at, .octets = octets};
}

Discard ah_check_length(OctetView packet, const AhPlace& place, const AhLayout& layout) noexcept {
  //= rfc4302/3.3.3.2.1/no-more-padding-than-needed
  const auto version = static_cast<IpVersion>(load<&Ipv4Header::version>(packet.data()));
  return place.octets == layout.header_octets(version) ? Discard::none : Discard::ah_bad_length;
}

}  // namespace mpsec::ipsec
