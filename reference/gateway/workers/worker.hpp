// A further worker: a data path with its parts of SA clusters, beside the core's own. Pure, like the core.
#pragma once

#include <map>
#include <memory>
#include <set>
#include <unordered_map>
#include <vector>

#include "cluster/sa_cluster.hpp"
#include "gateway/workers/news.hpp"
#include "gateway/workers/origins.hpp"
#include "ipsec/data_path.hpp"

namespace mpsec::gateway {

// Filled by a worker's calls, cleared by the caller. Packets point into the buffers that were given to the
// call, or into `storage`.
struct WorkerOutput {
  std::vector<ipsec::PacketBuffer> outside, inside, to_sources;  // as in Output
  ipsec::Actions storage;
  void clear() { outside.clear(), inside.clear(), to_sources.clear(), storage.clear(); }
};

struct WorkerCounters {
  ipsec::DiscardCounters discards;
  std::uint64_t clear_in = 0;          // that it protected, or discarded
  std::uint64_t packets_out = 0;       // protected
  std::uint64_t delivered = 0;         // by itself
  std::uint64_t lost_to_the_core = 0;  // packets for the core, which was too busy to take more
};

// Serves the sub-SAs of clusters. Every worker has the outbound half of all of them, and numbers of its own
// leases; the inbound half one worker has. All else is the core's.
class Worker {
 public:
  // Both outlive it. `rng` is used by the worker's thread as well as by the core's.
  struct Seams {
    Rng& rng;
    const crypto::Provider& provider;
  };
  struct Part {
    std::unique_ptr<cluster::PathScheduler> scheduler;
    std::optional<cluster::LeaseRules> leases{};
    bool ordered = false;   // the core restores the order: packets are delivered by it
    bool measured = false;  // the core measures the order
  };

  Worker(const ipsec::DataPath::Options& options, const Seams& seams);

  // --- clusters: SaCluster's calls, of a part that is here
  Result<> take_part(std::shared_ptr<cluster::ClusterCore> core, Part part);
  void end(ipsec::ClusterId id);
  // The packets of policies that name `policy` go by the cluster's sub-SAs.
  void offer(ipsec::ClusterId policy, ipsec::ClusterId id);
  cluster::SaCluster* find(ipsec::ClusterId id) const;
  Result<ipsec::InboundSa*> join(ipsec::ClusterId id, cluster::SubSaId sub_sa,
                                 ipsec::InboundParameters parameters);
  Result<ipsec::OutboundSa*> join(ipsec::ClusterId id, cluster::SubSaId sub_sa,
                                  ipsec::OutboundParameters parameters, std::uint32_t weight);
  void leave(ipsec::ClusterId id, cluster::SubSaId sub_sa);

  // --- packets, as the core has them. What it does not serve, and what it has to tell, goes to `news`.
  void receive(std::span<ipsec::PacketBuffer> packets, Instant now, WorkerOutput& output, News& news);
  void send(std::span<ipsec::PacketBuffer> packets, Instant now, WorkerOutput& output, News& news);
  std::optional<Instant> next_deadline() const;
  void on_time(Instant now, WorkerOutput& output, News& news);

  ipsec::DataPath& data_path() { return data_path_; }
  WorkerCounters counters() const;

 private:
  struct Held {
    std::unique_ptr<cluster::SaCluster> cluster;
    bool ordered = false, measured = false;
    std::set<ipsec::ClusterId> policies{};  // whose packets it serves
  };
  struct Place {
    ipsec::ClusterId cluster;
    cluster::SubSaId sub_sa;
    const Held* held;
  };

  void deliver(const ipsec::Delivery& delivery, const Place& place, WorkerOutput& output, News& news);
  void tell_arrival(const Place& place, std::uint64_t number, const ipsec::PacketBuffer& packet,
                    std::uint32_t octets, News& news);
  void tell_traffic(const ipsec::Delivery& newest, News& news) const;
  bool serves(const ipsec::PacketBuffer& packet);
  void take_deliveries(WorkerOutput& output, News& news);
  void take_rest(Instant now, WorkerOutput& output, News& news);
  void look_after(Instant now, News& news);

  Seams seams_;
  ipsec::StandardLifetimePolicy lifetime_;
  ipsec::StandardInboundPolicy inbound_;
  ipsec::DataPath data_path_;
  std::map<ipsec::ClusterId, Held> clusters_;
  std::unordered_map<const ipsec::InboundSa*, Place> places_;
  WorkerCounters counters_;
  Instant look_at_{};

  // Of the call that is under way.
  Origins origins_;
  std::vector<ipsec::Outgoing> outgoing_;
  std::vector<ipsec::Fate> fates_;
  ipsec::PacketSelectors flow_;  // of the packet before, and whether it is served
  bool serves_flow_ = false, knows_flow_ = false;
  std::vector<cluster::ClusterEvent> noticed_;
};

}  // namespace mpsec::gateway
