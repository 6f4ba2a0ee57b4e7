// ICMP errors of our own, to the sources of clear packets that we cannot carry on.
#pragma once

#include <span>

#include "gateway/io/system.hpp"
#include "ipsec/packet_buffer.hpp"

namespace mpsec::gateway {

// The kernel sends them, from its address on the way to the source (RFC 1812 4.3.2.4). Written to the tunnel
// interface they would come in with an address of this host's own, and be dropped as forged. For several
// threads.
class SourceTeller {
 public:
  // Needs CAP_NET_RAW at the time, and fails naming it.
  static Result<SourceTeller> open();

  // Whole IP packets, of which the ICMP message is sent. What the kernel refuses is lost, as such messages
  // may be.
  void tell(std::span<const ipsec::PacketBuffer> packets) const noexcept;

 private:
  SourceTeller(FileDescriptor v4, FileDescriptor v6) : v4_(std::move(v4)), v6_(std::move(v6)) {}

  FileDescriptor v4_, v6_;  // the latter may be none, on a host without IPv6
};

}  // namespace mpsec::gateway
