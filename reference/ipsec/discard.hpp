// Why a packet was not let through. Every discard has exactly one cause, and every cause a counter.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

namespace mpsec::ipsec {

enum class Discard : std::uint8_t {
  none,  // not discarded

  // The packet itself.
  malformed_packet,        // the IP header or what it promises is not there
  unsupported_ip_version,  // neither 4 nor 6
  no_room,                 // the buffer has too little room around the packet
  oversized_packet,        // the result would not fit an IP datagram

  // Policy (RFC 4301 5).
  no_policy,           // no entry matches: discarded by default
  policy_discard,      // an entry says DISCARD
  no_sa,               // PROTECT, and no SA is there yet
  clear_text_refused,  // unprotected, though the policy asks for protection
  selector_mismatch,   // what came out is not what the SA is for

  // The SA.
  unknown_spi,          // no SA for SPI, destination, protocol
  wrong_encapsulation,  // ESP in UDP on an SA without it, or the reverse
  fragment_for_ipsec,   // a fragment where a whole ESP or AH packet is due
  sequence_exhausted,   // the counter would have to cycle
  number_used,          // a copy for a second SA of a cluster, which has sent that number or a later one
  lifetime_expired,

  // Anti-replay (RFC 4303 3.4.3).
  replay_duplicate,
  replay_too_old,
  replay_below_zero,  // the inferred high half would be -1
  redundant,          // the second copy of a packet that a cluster sends on two paths: not a replay

  // Protection.
  integrity_failed,
  esp_too_short,          // less than header, IV, trailer and ICV
  misaligned_ciphertext,  // not a multiple of the cipher's block
  bad_padding,            // pad length beyond the payload, or octets that do not count 1, 2, 3
  bad_next_header,        // a payload that the mode does not allow
  dummy,                  // next header 59: dropped as it should be (RFC 4303 2.6)
  inner_malformed,        // the decapsulated packet is not an IP packet
  ecn_violation,          // CE outside, not-ECT inside (RFC 6040 4.2)
  ah_bad_length,          // payload length against the ICV of the SA
  ah_unprocessable,       // options or headers that AH cannot order into mutable and immutable

  // Path MTU and fragments.
  packet_too_big,     // DF or IPv6, and larger than the path: the source is told
  reassembly_failed,  // overlap, inconsistency or overflow
  reassembly_timeout,

  // UDP encapsulation (RFC 3948).
  keepalive,  // one octet 0xff: dropped as it should be
  not_esp,    // IKE behind a non-ESP marker: for somebody else
  udp_malformed,

  count_,
};

inline constexpr std::size_t discard_causes = static_cast<std::size_t>(Discard::count_);

// "replay_duplicate"
std::string_view to_string(Discard cause);
// The clause that makes the cause an auditable event or asks for the discard: "RFC 4303 3.4.3".
std::string_view clause_of(Discard cause);

struct DiscardCounters {
  std::array<std::uint64_t, discard_causes> by_cause{};

  void count(Discard cause) { ++by_cause[static_cast<std::size_t>(cause)]; }
  std::uint64_t operator[](Discard cause) const { return by_cause[static_cast<std::size_t>(cause)]; }
  std::uint64_t total() const;
};

}  // namespace mpsec::ipsec
