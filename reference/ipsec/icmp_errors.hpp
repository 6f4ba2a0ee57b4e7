// The ICMP messages of path MTU discovery: reading those that routers send about protected packets, and
// writing those that tell the source of a clear packet what would fit (RFC 4301 8.2.1). And the one about
// datagrams that did not become whole.
#pragma once

#include <expected>
#include <optional>

#include "base/clock.hpp"
#include "base/ip_address.hpp"
#include "base/strong.hpp"
#include "ipsec/packet_buffer.hpp"

namespace mpsec::ipsec {

// What a router said about a packet of ours. Nobody vouches for it: find the outbound SA it names, and let
// that SA's PathMtu judge the rest.
struct TooBigReport {
  struct Ports {
    std::uint16_t source = 0, destination = 0;
    bool operator==(const Ports&) const = default;
  };

  IpAddress reporter{};
  std::uint32_t mtu = 0;  // that the next link takes; 0: an IPv4 router that does not say

  // Of the packet it quotes:
  IpAddress source{}, destination{};
  std::uint32_t size = 0;      // in octets, by its own length field
  std::uint8_t protocol = 0;   // 50 or 51
  std::optional<Ports> udp{};  // where ESP was encapsulated
  // Not there where the quotation ends before, as 8 octets behind an IPv4 header do with UDP, or where it is
  // of a later fragment.
  std::optional<Spi> spi{};
  std::optional<std::uint32_t> sequence_number{};  // the low half

  bool operator==(const TooBigReport&) const = default;
};

// Reads ICMP type 3 code 4 or ICMPv6 type 2 out of the whole IP packet it came in. Fails
//   malformed         lengths or checksum are wrong, or the quotation ends before it can be understood
//   peer_misbehaved   a quoted packet of the other IP version, or an IPv4 packet that could have been
//   fragmented no_common_ground  another protocol or type; a quoted packet that is neither ESP, AH nor ESP in
//   UDP
Result<TooBigReport> read_too_big(OctetView packet);

// Whether a packet with this number on the wire was among the last `recent` that were sent; a stranger who
// guesses an SPI would have to guess this too.
constexpr bool sent_lately(std::uint32_t on_wire, std::uint64_t last_sent,
                           std::uint32_t recent = 1u << 20) noexcept {
  const std::uint32_t ago = static_cast<std::uint32_t>(last_sent) - on_wire;
  return ago < recent && ago < last_sent;
}

// Why a packet gets no ICMP error (RFC 4443 2.4 e; for IPv4 RFC 1122 3.2.2 has the same rules).
enum class NoReply : std::uint8_t {
  malformed,         // not a packet whose source could be told anything
  icmp_error,        // errors about errors never end
  later_fragment,    // IPv4: the first one gets the reply. IPv6: where it may be part of an ICMP error
  many_receivers,    // IPv4: sent to a multicast or broadcast address
  source_unclear,    // the source is no single host's address
  other_ip_version,  // than that of our own address
};

// The message to the source of `offending`, from `own`: no packet larger than `mtu` octets will pass. What an
// IP version's packets must be allowed is said where `mtu` is less: 68 octets, 1280 of IPv6. Holds as much of
// the packet as such a message may.
std::expected<HeldPacket, NoReply> packet_too_big(OctetView offending, const IpAddress& own,
                                                  std::uint32_t mtu);

//= rfc792/time-exceeded-message/reassembly-time-is-over
//= rfc8200/4.5/time-out-is-told-if-the-first-fragment-came
// The message to the source of a datagram whose other fragments did not come in time, from where it was sent
// to. `first_fragment` is its first one, with which its headers came.
std::expected<HeldPacket, NoReply> reassembly_time_exceeded(OctetView first_fragment);

// How many errors may be sent: so many at once, and on the average so many a second.
class IcmpErrorRate {
 public:
  struct Limits {
    std::uint32_t burst = 10;
    Duration interval = std::chrono::milliseconds(100);  // one in so long
  };
  IcmpErrorRate() = default;
  explicit IcmpErrorRate(const Limits& limits) : limits_(limits) {}
  // True if one may be sent now; it counts as sent.
  bool allow(Instant now) noexcept;

 private:
  Limits limits_{};
  std::optional<Instant> last_;
  Duration credit_{};
};

}  // namespace mpsec::ipsec
