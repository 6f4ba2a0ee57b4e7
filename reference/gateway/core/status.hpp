// What a gateway can be asked about itself: plain values, for the control socket and for tests.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "cluster/cluster_metrics.hpp"
#include "cluster/path_transitions.hpp"
#include "cluster/reorder_options.hpp"
#include "cluster/types.hpp"
#include "ike/engine.hpp"
#include "ipsec/discard.hpp"

namespace mpsec::gateway {

struct SaTraffic {
  std::uint64_t packets_in = 0, octets_in = 0, packets_out = 0, octets_out = 0;
  std::uint64_t highest_in = 0;   // sequence number accepted
  std::uint64_t highest_out = 0;  // sent
};
struct ChildReport {
  ike::ChildStatus ike;
  SaTraffic traffic;
};
struct IkeReport {
  ike::IkeStatus ike;                       // its children are below
  std::optional<ipsec::Identity> local_id;  // as the settings have it for its peer, if they still name that
  std::vector<ChildReport> children;
};
struct SubSaReport {
  ike::ChildId child;
  cluster::SubSaId sub_sa;  // as events name it
  std::uint32_t path = 0;   // as metrics name it
  cluster::PathCondition condition = cluster::PathCondition::unknown;
  std::optional<Duration> round_trip;
  double loss = 0;
};
struct ClusterReport {
  ipsec::ClusterId id;  // as events name it
  std::string name;
  std::optional<ike::ClusterId> negotiated;
  std::size_t sub_sas = 0, valid_sub_sas = 0;
  std::uint64_t highest_in = 0, numbers_left = 0;
  std::vector<SubSaReport> paths;
  std::optional<cluster::ReorderCounters> reordering;
  const cluster::ClusterMetrics* metrics = nullptr;  // until the next call into the core
};
struct Status {
  std::string name;
  std::vector<IkeReport> ike_sas;
  std::vector<ClusterReport> clusters;
};
struct Counters {
  ike::EngineCounters ike;
  ipsec::DiscardCounters discards;
  std::uint64_t packets_in = 0, packets_out = 0;  // of the unprotected side
  std::uint64_t delivered = 0, clear_in = 0;      // of the protected side
  std::uint64_t faults = 0;
  // Packets that came before their SA: sent when it was there, and those that it came too late for.
  std::uint64_t sent_after_waiting = 0, given_up_waiting = 0;
  std::uint64_t between_workers = 0;  // packets lost where a worker was too busy to take more
};

}  // namespace mpsec::gateway
