// RFC 3948 3.1.2: a NAT changed the addresses of a transport-mode packet, under whose checksums they are, and
// could not see the TCP or UDP header inside. The receiver puts the checksum right.
#pragma once

#include <cstdint>
#include <optional>

#include "base/ip_address.hpp"
#include "base/octets.hpp"

namespace mpsec::ipsec {

enum class ChecksumRepair : std::uint8_t {
  none,
  // By the difference between the original addresses and those in the packet; where the original addresses
  // are known (NAT-OA). What was wrong for another reason stays wrong.
  by_difference,
  // Computed anew. What was wrong for another reason is right afterwards: only where ESP vouches for the
  // octets.
  recompute,
  // IPv4 UDP is sent on without a checksum; all else is computed anew. Only where ESP vouches for the octets.
  zero_udp,
};

// What the packet's addresses were when its sender computed the checksum; nothing where it is not known, or
// the same as in the packet.
struct OriginalAddresses {
  std::optional<IpAddress> source{}, destination{};
};

enum class RepairOutcome : std::uint8_t {
  repaired,   // the checksum fits the addresses, as far as it fitted the original ones
  untouched,  // nothing to do: another protocol, a UDP packet without checksum, a later fragment
  refused,    // no IP packet; no room for the TCP or UDP header it promises; part of a datagram, to be
              // recomputed
};

// `packet` is what transport mode put together again: the IP header as received, the next layer as sent.
// Changes nothing but the checksum field of TCP or UDP, and nothing at all unless repaired.
RepairOutcome repair_checksum(MutableOctets packet, ChecksumRepair how,
                              const OriginalAddresses& original) noexcept;

}  // namespace mpsec::ipsec
