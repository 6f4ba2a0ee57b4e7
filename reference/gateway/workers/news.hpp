// What a worker tells the core.
#pragma once

#include <optional>
#include <vector>

#include "cluster/cluster_events.hpp"
#include "gateway/workers/packet_slab.hpp"
#include "ike/channel.hpp"
#include "ipsec/data_path_events.hpp"
#include "ipsec/sa.hpp"

namespace mpsec::gateway {

// Of a turn or, while the core is busy, of several: in each list in the order in which it happened. What
// strangers can cause is bounded; what SAs have to say of themselves is not left out.
struct News {
  static constexpr std::size_t most_arrivals = 1024, most_events = 256;

  // Authentic packets of a sub-SA came.
  struct Traffic {
    ipsec::Protocol protocol = ipsec::Protocol::esp;
    Spi spi;
    std::optional<ike::Path> udp;  // that the last of them came by
    bool newest = false;           // its number is the highest seen in the cluster
  };
  // A number of a cluster, where its order is restored or measured. An empty packet: there is nothing to
  // deliver, or the worker has delivered it.
  struct Arrival {
    ipsec::ClusterId cluster;
    cluster::SubSaId sub_sa;
    SequenceNumber number;
    std::uint32_t octets = 0;
    ipsec::PacketBuffer packet{};
  };

  std::vector<Traffic> traffic;
  std::vector<Arrival> arrivals;
  std::vector<ipsec::PacketBuffer>
      unserved;  // clear packets of policies that only the core's data path serves
  std::vector<ipsec::Event> events;
  std::vector<cluster::ClusterEvent> cluster_events;
  PacketSlab packets;  // of arrivals and unserved ones

  bool empty() const {
    return traffic.empty() && arrivals.empty() && unserved.empty() && events.empty() &&
           cluster_events.empty();
  }
  // Takes in all of it, behind what is here; or nothing: false.
  bool absorb(const News& later);
  void clear() {
    traffic.clear(), arrivals.clear(), unserved.clear(), events.clear(), cluster_events.clear();
    packets.clear();
  }
};

}  // namespace mpsec::gateway
