// Which flow a packet is of, as a number: for schedulers that keep flows together, and for restoring order by
// flow.
#pragma once

#include <cstdint>

#include "ipsec/packet_selectors.hpp"
#include "ipsec/sad.hpp"

namespace mpsec::cluster {

// Of addresses, ports and protocol; fragments behind the first, which show no ports, are a flow of their own.
inline std::uint64_t flow_hash(const ipsec::PacketSelectors& packet) noexcept {
  const ipsec::detail::KeyedMix mix(0x6d70736563);
  auto folded = [](ipsec::AddressNumber address) {
    return static_cast<std::uint64_t>(address >> 64) ^ static_cast<std::uint64_t>(address);
  };
  const std::uint64_t ports = std::uint64_t{packet.local_port} << 32 | packet.remote_port;
  std::uint64_t hash = mix(folded(packet.local));
  hash = mix(hash ^ folded(packet.remote));
  return mix(hash ^ ports ^ std::uint64_t{packet.protocol} << 20);
}

}  // namespace mpsec::cluster
