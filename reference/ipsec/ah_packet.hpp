// Putting the authentication header into a packet and finding it (RFC 4302 2, 3.1); decapsulation.hpp takes
// it out again. Octets only: which SA, which number and whether the ICV is right is for others to say
// (ah_authenticator.hpp).
//
// Tunnel mode needs nothing of its own here: AH stands behind the outer header as it stands behind the only
// one in transport mode. To protect, put the outer header in front, its Protocol or Next Header naming IPv4
// or IPv6, and encapsulate.
#pragma once

#include <cstdint>
#include <expected>

#include "base/ip_address.hpp"
#include "base/strong.hpp"
#include "crypto/transforms.hpp"
#include "ipsec/discard.hpp"
#include "ipsec/packet_buffer.hpp"
#include "wire/ah.hpp"

namespace mpsec::ipsec {

// The form of the AH headers of one SA.
struct AhLayout {
  std::uint8_t icv_octets = 12;     // the integrity check value itself
  std::uint8_t iv_octets = 0;       // in front of it (RFC 4543 4)
  bool extended_numbers = false;    // the ICV covers the high half of a 64-bit number
  std::uint8_t ipv4_alignment = 4;  // 8 for a peer that pads for IPv4 as for IPv6

  static AhLayout of(const crypto::IntegrityTransform& transform, bool extended_numbers,
                     std::uint8_t ipv4_alignment = 4) {
    return {transform.icv_octets, transform.iv_octets, extended_numbers, ipv4_alignment};
  }
  //= rfc4302/2.6/least-padding-to-alignment
  // The whole header, in octets; at the end of its ICV field is as much padding as aligns it and no more.
  // (RFC 4543 4 counts on no padding for its 24 octets, which holds for IPv4 only: 12 + 24 is no multiple of
  // 8.)
  constexpr std::uint32_t header_octets(IpVersion version) const {
    const std::uint32_t alignment = version == IpVersion::v4 ? ipv4_alignment : 8;
    const auto all = static_cast<std::uint32_t>(wire::Ah::fixed_size) + iv_octets + icv_octets;
    return (all + alignment - 1) / alignment * alignment;
  }
  bool operator==(const AhLayout&) const = default;
};

// Where AH lies in a packet, in octets from the IP header on.
struct AhPlace {
  std::uint32_t at = 0;
  std::uint32_t named_at = 0;  // the octet that announces it: Protocol, or the Next Header in front of it
  std::uint32_t octets = 0;    // of the header, ICV and padding included

  constexpr std::uint32_t end() const { return at + octets; }
  constexpr std::uint32_t iv_at() const { return at + static_cast<std::uint32_t>(wire::Ah::fixed_size); }
  constexpr std::uint32_t icv_at(const AhLayout& layout) const { return iv_at() + layout.iv_octets; }
  bool operator==(const AhPlace&) const = default;
};

// Puts AH with an ICV of zeros into the whole IP packet in `packet`, behind every IPv6 extension header but
// the destination options that stand last (RFC 4302 3.1.1 leaves the choice; so all of them is covered):
// `spi`, the low half of `number`, and where the layout has an IV, `number` as that (unique as long as
// numbers are, RFC 4543 3.1). Sets lengths, the octet that announces AH, and the IPv4 checksum. Returns where
// AH is.
//
// Fails, and leaves the packet as it was, as
//   malformed_packet, unsupported_ip_version  the headers are cut short, or the packet is not as long as its
//                                             IP header says
//   fragment_for_ipsec                        AH protects whole packets
//   no_room                                   header_octets() are not free in front of the packet
//   oversized_packet                          the length would not fit the IP header
std::expected<AhPlace, Discard> ah_encapsulate(PacketBuffer& packet, const AhLayout& layout, Spi spi,
                                               std::uint64_t number) noexcept;

// Finds AH in an inbound packet, behind the IP header or extension headers. Fails as malformed_packet (also
// where there is no AH), unsupported_ip_version, fragment_for_ipsec, or ah_bad_length where the header does
// not fit the packet or itself.
std::expected<AhPlace, Discard> ah_locate(OctetView packet) noexcept;

// Whether AH at `place` is as long as the layout of its SA asks, padding included: none or ah_bad_length.
Discard ah_check_length(OctetView packet, const AhPlace& place, const AhLayout& layout) noexcept;

}  // namespace mpsec::ipsec
