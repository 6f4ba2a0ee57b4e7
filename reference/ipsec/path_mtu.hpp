// What fits the path of an SA: the estimate (RFC 4301 8.2, RFC 1191, RFC 8201), and what that leaves for the
// packet inside.
#pragma once

#include <cstdint>
#include <optional>

#include "base/clock.hpp"
#include "base/ip_address.hpp"
#include "base/octets.hpp"

namespace mpsec::ipsec {

// The largest datagram that is believed to reach the other end of an SA whole, outer headers and all.
// Nobody vouches for the ICMP messages that lower it, so they can lower it to `least` and no further, and
// after a while it goes back to what the first hop takes.
class PathMtu {
 public:
  // What the version's documents ask for as a minimum, whatever is configured.
  static constexpr std::uint32_t ipv4_minimum = 68, ipv6_minimum = 1280;

  struct Limits {
    std::uint32_t link = 1500;  // what the first hop takes: where the estimate starts and returns to
    // IPv4: no message sets a lower estimate. A path that takes less must be given fragments.
    std::uint32_t least_ipv4 = 576;
    Duration raise_after = std::chrono::minutes(10);  // of the last decrease; Duration::max(): never
    bool heed_reports = true;                         // unauthenticated messages; else only configuration
  };

  // Says what a message did to the estimate.
  enum class Verdict : std::uint8_t {
    lowered,      // to what it said, or to the next likely value where it said nothing
    clamped,      // to `least`: the path takes even less
    not_lower,    // nothing new
    implausible,  // the packet it quotes would have fitted what it says, or is larger than any we send
    too_small,    // says less than the IP version allows
    unheeded,     // configured so
  };

  PathMtu(IpVersion version, const Limits& limits);

  std::uint32_t current() const noexcept { return current_; }
  // True if a decrease to what a message said was not possible: packets of current() may get lost unless they
  // may be fragmented on the way.
  bool clamped() const noexcept { return clamped_; }

  // A router said that `quoted` octets were too many, and that `mtu` would pass; 0 if it did not say (IPv4
  // only).
  Verdict on_report(std::uint32_t mtu, std::size_t quoted, Instant now) noexcept;
  // The interface or the path changed: begin again.
  void on_link_change(std::uint32_t link) noexcept;

  // When to call on_time: to find out if the path has become wider.
  std::optional<Instant> next_deadline() const noexcept { return raise_at_; }
  // True if the estimate went up.
  bool on_time(Instant now) noexcept;

 private:
  std::uint32_t least() const noexcept;
  Verdict lower_to(std::uint32_t mtu, Instant now) noexcept;
  void raise_not_before(Instant at) noexcept;

  IpVersion version_;
  Limits limits_;
  std::uint32_t current_;
  bool clamped_ = false;
  std::optional<Instant> raise_at_;
};

// All that ESP adds to a packet. In octets.
struct EspOverhead {
  std::uint32_t outer = 0;  // the tunnel's IP header, and UDP's where the SA is encapsulated
  std::uint32_t kept = 0;   // transport mode: headers of the packet that stay in front of ESP
  std::uint32_t iv = 0;     // on the wire
  std::uint32_t icv = 0;
  std::uint32_t text_multiple = 4;  // payload, padding and trailer fill a multiple of this (RFC 4303 2.4)
  std::uint32_t tfc_multiple = 1;   // the payload is filled up to a multiple of this first (RFC 4303 2.7)
};

// The size of the protected packet around an inner packet of `inner` octets, which are at least
// overhead.kept.
std::size_t protected_size(std::size_t inner, const EspOverhead& overhead) noexcept;
// The largest inner packet whose protected form has at most `mtu` octets; 0 if there is none. Exact.
std::size_t largest_inner(std::size_t mtu, const EspOverhead& overhead) noexcept;

// RFC 4301 8.2.1: what to do with a clear packet that would not fit once it is protected.
enum class TooBigAction : std::uint8_t {
  fragment,                   // before or after protection, as configured; nobody is told
  fragment_after_protection,  // IPv6 packets of 1280 octets or less, which nobody may be asked to make
                              // smaller
  tell_the_source,            // discard it, and send packet_too_big (icmp_errors.hpp)
};
// `packet` is a whole IPv4 or IPv6 datagram, and nothing behind it.
TooBigAction action_on_too_big(OctetView packet) noexcept;

}  // namespace mpsec::ipsec
