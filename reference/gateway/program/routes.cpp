#include "gateway/program/routes.hpp"

#include <algorithm>
#include <bit>

namespace mpsec::gateway {
namespace {

using Number = ipsec::AddressNumber;

std::uint32_t trailing_zeros(Number number, std::uint32_t width) {
  std::uint32_t zeros = 0;
  while (zeros < width && (number >> zeros & 1) == 0)
    ++zeros;
  return zeros;
}

}  // namespace

std::vector<AddressPrefix> prefixes_of(const ipsec::AddressRange& range) {
  const IpVersion version = range.first.version();
  const std::uint32_t width = version == IpVersion::v4 ? 32 : 128;
  const Number last = ipsec::number_of(range.last);
  std::vector<AddressPrefix> prefixes;
  for (Number first = ipsec::number_of(range.first);;) {
    // As large as its alignment and the rest of the range allow.
    std::uint32_t bits = trailing_zeros(first, width);
    const auto end = [&](std::uint32_t size) {
      return size == 128 ? ~Number{0} : first + ((Number{1} << size) - 1);
    };
    while (bits > 0 && end(bits) > last)
      --bits;
    prefixes.push_back({ipsec::address_of(first, version), static_cast<std::uint8_t>(width - bits)});
    if (end(bits) == last) return prefixes;
    first = end(bits) + 1;
  }
}

std::vector<TunnelRoute> tunnel_routes(const Settings& settings) {
  std::vector<TunnelRoute> all;
  const auto add = [&all](ipsec::Mode mode, const std::vector<ipsec::Selector>& selectors) {
    for (const ipsec::Selector& selector : selectors) {
      std::optional<IpAddress> source;
      if (mode == ipsec::Mode::transport && !selector.local.empty()) source = selector.local.front().first;
      for (const ipsec::AddressRange& range : selector.remote)
        for (const AddressPrefix& prefix : prefixes_of(range))
          all.push_back({prefix, source});
    }
  };
  for (const ike::PeerConfiguration& peer : settings.ike.peers)
    for (const ike::ChildConfiguration& child : peer.children)
      add(child.mode, child.selectors);
  for (const ManualSa& sa : settings.sas)
    add(sa.outbound.mode, sa.outbound.selectors);
  std::ranges::sort(all);
  const auto same = std::ranges::unique(all, {}, &TunnelRoute::to);
  all.erase(same.begin(), same.end());
  return all;
}

bool lead_to_peers(const std::vector<TunnelRoute>& routes, const Settings& settings) {
  const auto leads_to = [&routes](const IpAddress& address) {
    return std::ranges::any_of(routes, [&address](const TunnelRoute& route) {
      return address.version() == route.to.address.version() &&
             network_of({address, route.to.prefix_length}).address == route.to.address;
    });
  };
  return std::ranges::any_of(settings.peers, [&](const auto& peer) {
    return std::ranges::any_of(peer.second.paths, leads_to, &PathSettings::remote);
  });
}

}  // namespace mpsec::gateway
