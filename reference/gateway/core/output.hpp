// What the core asks the world to do, and what it tells of.
#pragma once

#include <variant>
#include <vector>

#include "cluster/cluster_end.hpp"
#include "ike/actions.hpp"

namespace mpsec::gateway {

// Something of our own that failed: an SA that could not be installed, a peer that cannot be begun with.
struct Fault {
  Error error;
};
// An inner address that a peer gave us, or that is no longer ours.
struct VirtualAddress {
  IpAddress address;
  bool gained = true;
};
using Report = std::variant<ike::Event, ipsec::Event, cluster::ClusterEvent, Fault>;

// Filled by the core's calls, cleared by the caller; keeps its memory. Packets point into the buffers that
// were given to the call, or into `storage`.
struct Output {
  std::vector<Datagram> ike;
  std::vector<ipsec::PacketBuffer> outside;     // whole IP packets for the unprotected side, in this order
  std::vector<ipsec::PacketBuffer> inside;      // clear, for the protected side, in this order
  std::vector<ipsec::PacketBuffer> to_sources;  // ICMP errors, for hosts on the protected side
  std::vector<Report> reports;
  std::vector<VirtualAddress> addresses;
  cluster::ClusterEnd::Actions storage;

  void clear() {
    ike.clear(), outside.clear(), inside.clear(), to_sources.clear(), reports.clear(), addresses.clear();
    storage.clear();
  }
};

}  // namespace mpsec::gateway
