// A security gateway of the simulation: one worker, one cluster, and its hosts' packets.
#pragma once

#include <optional>
#include <utility>
#include <vector>

#include "cluster/cluster_end.hpp"
#include "sim/cluster/scenario.hpp"

namespace mpsec::sim {

// One sub-SA as both gateways know it. Its path gives it its outer addresses.
struct SubSaPlan {
  cluster::SubSaId id;
  std::size_t path = 0;
  std::optional<Instant> expires;  // hard lifetime of what each end sends ...
  Duration grace{0};               // ... and by so much later of what it receives
};

IpAddress path_address(End end, std::size_t path);
std::optional<std::size_t> path_of(const IpAddress& address);
Spi spi_of(End receiver, cluster::SubSaId sub_sa);

struct GatewayEvents {
  std::uint64_t sub_sas_ended = 0, clusters_ended = 0, sequence_runs_out = 0, windows_too_small = 0,
                not_shared = 0, acquires = 0, mtu_changes = 0, sources_told = 0;
  std::uint64_t window_that_would_have_held = 0;  // as the last event said
};

class Gateway {
 public:
  // Fails as the cluster's parameters, its scheduler and the reorder options do. The provider outlives it.
  static Result<std::unique_ptr<Gateway>> make(End end, const Scenario& scenario,
                                               const crypto::Provider& provider, std::uint64_t seed);

  // --- sub-SAs, both halves
  Result<> join(const SubSaPlan& sub_sa, const PathPlan& path, Instant now);
  void leave_outbound(cluster::SubSaId sub_sa) { clusters_.leave_outbound(cluster_id, sub_sa); }
  void leave(cluster::SubSaId sub_sa) { clusters_.leave(cluster_id, sub_sa); }
  // Numbers that nobody will send: those of workers who stop with their leases in hand.
  std::uint64_t abandon(std::uint32_t workers, std::uint32_t numbers);

  // --- packets
  struct Sent {
    ipsec::Discard discard = ipsec::Discard::none;
    std::uint64_t number = 0;
    std::vector<Octets> packets;  // protected: one, or its copy too, or none
    std::vector<Octets> clear;    // what policy lets out unprotected; by these scenarios none
  };
  Sent send(OctetView packet, Instant now);
  // What it was discarded for; none where the cluster accepted it, whatever is delivered now or later.
  ipsec::Discard receive(OctetView packet, Instant now);
  // Clear packets for the hosts since the last call, in the order of delivery.
  struct Delivered {
    Octets packet;
    std::uint64_t number;
  };
  std::vector<Delivered> take_deliveries() { return std::exchange(delivered_, {}); }

  // --- what IKE would learn of a path
  void on_answer(cluster::SubSaId sub_sa, Instant now, std::optional<Duration> round_trip) {
    clusters_.on_answer(cluster_id, sub_sa, now, round_trip, actions_);
    tell();
  }
  void on_unanswered(cluster::SubSaId sub_sa) {
    clusters_.on_unanswered(cluster_id, sub_sa, actions_);
    tell();
  }
  const cluster::PathState* path(cluster::SubSaId sub_sa) const { return clusters_.path(cluster_id, sub_sa); }

  // --- time
  std::optional<Instant> next_deadline() const { return clusters_.next_deadline(); }
  void on_time(Instant now);

  // --- what is there
  End end() const { return end_; }
  cluster::SaCluster& cluster() const { return *clusters_.find(cluster_id); }
  const cluster::ReorderBuffer<cluster::HeldDelivery>* reordering() const {
    return clusters_.reordering(cluster_id);
  }
  // Taken from the counter by this worker: abandoned, or in its hand.
  std::uint64_t unsent_numbers() const {
    const cluster::LeaseReport report = cluster().leases();
    return report.taken - report.sent;
  }
  const ipsec::DiscardCounters& discards() const { return data_path_.discards(); }
  const GatewayEvents& events() const { return events_; }

  static constexpr ipsec::ClusterId cluster_id{1};

 private:
  Gateway(End end, const Scenario& scenario, const crypto::Provider& provider, std::uint64_t seed);
  Result<> found();
  void fill(ipsec::SaParameters& parameters, const SubSaPlan& sub_sa, End from, Duration grace) const;
  void tell();

  End end_;
  const Scenario& scenario_;
  SeededRng rng_;
  ipsec::StandardLifetimePolicy lifetime_;
  ipsec::StandardInboundPolicy inbound_policy_;
  ipsec::DataPath data_path_;
  cluster::ClusterEnd clusters_;
  cluster::ClusterEnd::Actions actions_;
  std::vector<Delivered> delivered_;
  GatewayEvents events_;
};

}  // namespace mpsec::sim
