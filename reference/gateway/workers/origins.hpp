// Where the packets of a batch came from, for what is delivered of them: a peer behind a NAT is followed to
// where its newest authentic packet came from.
#pragma once

#include <optional>
#include <span>
#include <vector>

#include "ike/channel.hpp"
#include "ipsec/packet_buffer.hpp"

namespace mpsec::gateway {

// The endpoints of a whole UDP datagram in an IP packet, as its receiver sees them.
std::optional<ike::Path> udp_path(OctetView packet);
// What is in it; empty where it is no UDP datagram.
OctetView udp_payload(OctetView packet);

class Origins {
 public:
  // The packets as they arrived; UDP ones are noted.
  void note(std::span<const ipsec::PacketBuffer> packets);
  // Of the packet that `inside`, what came out of it, lies in. Nothing where it did not come in UDP, or was
  // kept elsewhere since.
  std::optional<ike::Path> of(const ipsec::PacketBuffer& inside) const;
  void clear() { arrived_.clear(); }

 private:
  struct Arrived {
    const std::uint8_t* begin;
    const std::uint8_t* end;
    ike::Path path;
  };
  std::vector<Arrived> arrived_;
};

}  // namespace mpsec::gateway
