// What the further workers tell.
#include "gateway/core/parts.hpp"

namespace mpsec::gateway {

Crew* Core::crew() {
  return parts_->crew.get();
}

void Core::take_news(const News& news, Instant now, Output& output) {
  for (const News::Traffic& traffic : news.traffic)
    for (SaTable::Child* child : parts_->sas.find(traffic.spi, false)) {
      tell_traffic(*child, traffic, now);
      if (child->place)
        parts_->ends.on_traffic(child->place->cluster, child->place->sub_sa, now, output.storage);
    }
  for (const auto& [cluster, sub_sa, number, octets, packet] : news.arrivals)
    parts_->ends.arrived(cluster, sub_sa, number, octets, packet, now, output.storage);
  auto& storage = output.storage;
  storage.packets.events.insert(storage.packets.events.end(), news.events.begin(), news.events.end());
  storage.events.insert(storage.events.end(), news.cluster_events.begin(), news.cluster_events.end());
  settle(now, output);
  unserved_.assign(news.unserved.begin(), news.unserved.end());
  if (!unserved_.empty()) send(unserved_, now, output);
}

}  // namespace mpsec::gateway
