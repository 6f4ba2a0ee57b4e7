// What a socket has to know of a datagram that the data path made.
#pragma once

#include <optional>

#include "base/datagram.hpp"

namespace mpsec::gateway {

struct OuterView {
  Endpoint source, destination;  // ports are 0 where it is no UDP, or a fragment
  std::uint32_t size = 0;        // of the datagram by its own word
  std::uint16_t payload_at = 0;  // behind the UDP header; 0 where it is no UDP, or a fragment
  std::uint8_t traffic_class = 0;
  bool may_fragment = false;  // IPv4 without DF

  bool udp() const { return payload_at != 0; }
};

// Nothing where the headers or lengths are wrong.
std::optional<OuterView> view_outer(OctetView packet) noexcept;

// True if both are plain datagrams that differ in nothing that view_outer() says but their size: then the
// view of one is the other's too. False where that is not seen at a glance.
bool same_outer(OctetView one, OctetView other) noexcept;

}  // namespace mpsec::gateway
