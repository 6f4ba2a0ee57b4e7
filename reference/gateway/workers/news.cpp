#include "gateway/workers/news.hpp"

#include <algorithm>

namespace mpsec::gateway {

bool News::absorb(const News& later) {
  if (later.packets.size() > packets.room() || arrivals.size() + later.arrivals.size() > most_arrivals ||
      events.size() + later.events.size() > most_events)
    return false;
  for (const Traffic& one : later.traffic) {
    std::erase_if(traffic, [&](const Traffic& before) { return before.spi == one.spi; });
    traffic.push_back(one);
  }
  for (Arrival arrival : later.arrivals) {
    if (!arrival.packet.empty()) arrival.packet = packets.add(arrival.packet.view());
    arrivals.push_back(arrival);
  }
  for (const ipsec::PacketBuffer& packet : later.unserved)
    unserved.push_back(packets.add(packet.view()));
  std::ranges::copy(later.events, std::back_inserter(events));
  std::ranges::copy(later.cluster_events, std::back_inserter(cluster_events));
  return true;
}

}  // namespace mpsec::gateway
