// ESP packets as whole IP datagrams, as they cross a raw socket or a gateway's unprotected side.
#pragma once

#include <optional>

#include "interop/suite/link.hpp"

namespace mpsec::conformance {

// As the tester sends it: IPv4 or IPv6, with a UDP header where the packet goes in UDP.
Octets to_ip(const EspPacket& packet);

// What an IP datagram holds that arrived at the tester; `local` is where it went. Nothing: neither ESP nor
// IKE in UDP.
std::optional<std::variant<Datagram, EspPacket>> from_ip(OctetView ip);

}  // namespace mpsec::conformance
