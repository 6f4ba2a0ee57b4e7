// Which destinations are reached through the tunnel interface.
#pragma once

#include <vector>

#include "gateway/io/route_socket.hpp"
#include "gateway/settings/settings.hpp"

namespace mpsec::gateway {

// The fewest prefixes that make up the range, in order.
std::vector<AddressPrefix> prefixes_of(const ipsec::AddressRange& range);

// One through the interface; local programs that send there have the source address, if there is one.
struct TunnelRoute {
  AddressPrefix to;
  std::optional<IpAddress> source{};  // in transport mode, where both are the outer ones
  auto operator<=>(const TunnelRoute&) const = default;
};
// To the remote selectors of all children, each prefix once.
std::vector<TunnelRoute> tunnel_routes(const Settings& settings);

// Whether one of them leads to an address that a peer itself is at: what is sent to it protected must not
// come back through the interface.
bool lead_to_peers(const std::vector<TunnelRoute>& routes, const Settings& settings);

}  // namespace mpsec::gateway
