// All that a worker has of SA clusters: its data path, its clusters, what is known of their paths, and what
// puts packets back in order. Pure: packets, reports and the time go in; packets, events and the next
// deadline come out.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <unordered_map>
#include <vector>

#include "cluster/cluster_metrics.hpp"
#include "cluster/path_state.hpp"
#include "cluster/reorder_buffer.hpp"
#include "cluster/sa_cluster.hpp"
#include "ipsec/data_path.hpp"

namespace mpsec::cluster {

// A packet that waits for those before it; with octets of its own, since what it arrived in is used again.
struct HeldDelivery {
  explicit HeldDelivery(const ipsec::Delivery& arrived) : packet(arrived.packet.view(), 0, 0) {}
  ipsec::HeldPacket packet;
};

class ClusterEnd {
 public:
  struct Reordering {
    ReorderOptions options;
    std::unique_ptr<ReorderPolicy> policy;
  };
  struct Policy {
    std::unique_ptr<PathScheduler> scheduler;
    std::optional<LeaseRules> leases{};
    std::optional<Reordering> reordering{};  // none: packets leave as they come
    PathState::Settings paths{};
    bool metrics = false;  // of reordering: a little for each packet
    // As SaCluster::Seams have them.
    SaCluster::WindowOf window{};
    SaCluster::SequenceOf sequence{};
    // How often the limits of a busy cluster are looked at: window, numbers left.
    Duration look_every = std::chrono::milliseconds(100);
  };
  // Filled by the calls, cleared by the caller.
  struct Actions {
    ipsec::Actions packets;
    std::vector<ClusterEvent> events;
    void clear() { packets.clear(), events.clear(); }
  };

  // A sub-SA's path is known better now. Told to whoever has further parts of the cluster, whose schedulers
  // have to know it too.
  using TellPath = std::function<void(ipsec::ClusterId, SubSaId, const PathKnowledge&)>;

  // Both outlive it.
  ClusterEnd(ipsec::DataPath& data_path, const crypto::Provider& provider)
      : data_path_(data_path), provider_(provider) {}

  // --- clusters
  // Fails as SaCluster::make and ReorderOptions::check do, and for an ID that is there already.
  Result<SaCluster*> found(ClusterParameters parameters, Policy policy);
  // A part of a cluster that another worker has founded.
  Result<SaCluster*> take_part(std::shared_ptr<ClusterCore> core, Policy policy);
  // With all its sub-SAs; what waits for its turn is delivered.
  bool end(ipsec::ClusterId id, Instant now, Actions& actions);
  SaCluster* find(ipsec::ClusterId id) const;

  // --- sub-SAs: SaCluster's join and leave, of a cluster that is here
  Result<ipsec::InboundSa*> join(ipsec::ClusterId id, SubSaId sub_sa, ipsec::InboundParameters parameters,
                                 Instant now, ipsec::SadKeyShape shape = ipsec::SadKeyShape::spi);
  Result<ipsec::OutboundSa*> join(ipsec::ClusterId id, SubSaId sub_sa, ipsec::OutboundParameters parameters,
                                  Instant now, std::uint32_t weight = 1);
  // Another worker's part has the inbound half: the path gets its number and its state here.
  Result<> join_elsewhere(ipsec::ClusterId id, SubSaId sub_sa, Instant now);
  bool leave_outbound(ipsec::ClusterId id, SubSaId sub_sa);
  bool leave(ipsec::ClusterId id, SubSaId sub_sa);

  // --- what IKE learns of a sub-SA's path
  void on_answer(ipsec::ClusterId id, SubSaId sub_sa, Instant now, std::optional<Duration> round_trip,
                 Actions& actions);
  void on_unanswered(ipsec::ClusterId id, SubSaId sub_sa, Actions& actions);
  void on_give_up(ipsec::ClusterId id, SubSaId sub_sa, Actions& actions);
  const PathState* path(ipsec::ClusterId id, SubSaId sub_sa) const;

  // --- packets, as DataPath has them; deliveries in the order that the clusters' policies restore
  void send(std::span<ipsec::Outgoing> packets, Instant now, std::span<ipsec::Fate> fates, Actions& actions);
  void receive(std::span<ipsec::PacketBuffer> packets, Instant now, Actions& actions);

  // --- what other workers' parts have received, of a sub-SA that joined elsewhere
  void on_traffic(ipsec::ClusterId id, SubSaId sub_sa, Instant now, Actions& actions);
  // A number that came authentic, of `octets` of clear text; in metrics, and in the order that the policy
  // restores. An empty packet: nothing is delivered of it, here.
  void arrived(ipsec::ClusterId id, SubSaId sub_sa, SequenceNumber number, std::uint32_t octets,
               const ipsec::PacketBuffer& packet, Instant now, Actions& actions);
  void tell_paths(TellPath tell) { tell_path_ = std::move(tell); }

  // --- time
  std::optional<Instant> next_deadline() const;
  void on_time(Instant now, Actions& actions);

  // nullptr where nothing is measured. Paths have the numbers that path_number() gives.
  const ClusterMetrics* metrics(ipsec::ClusterId id) const;
  // A sub-SA's path, as metrics and reordering name it: the lowest number that was free when it joined.
  std::optional<std::uint32_t> path_number(ipsec::ClusterId id, SubSaId sub_sa) const;
  // nullptr where the cluster does not restore order.
  const ReorderBuffer<HeldDelivery>* reordering(ipsec::ClusterId id) const;
  ipsec::DataPath& data_path() { return data_path_; }

 private:
  struct Held {
    std::unique_ptr<SaCluster> cluster;
    std::unique_ptr<ReorderBuffer<HeldDelivery>> reordering;
    std::unique_ptr<ClusterMetrics> metrics;
    std::map<SubSaId, PathState> paths;
    std::map<SubSaId, std::uint32_t> numbers;  // of the paths of inbound halves
    PathState::Settings settings;
    Duration look_every{};
    Instant look_at{};
  };
  struct Place {
    Held* held;
    SubSaId sub_sa;
    std::uint32_t path;
  };

  Held* held(ipsec::ClusterId id);
  Result<Held*> known(ipsec::ClusterId id);
  PathState& path_of(Held& held, SubSaId sub_sa, Instant now);
  void forget_path_if_left(Held& held, SubSaId sub_sa);
  static std::uint32_t free_number(const Held& held);
  static void tell_reordering(Held& held);
  template <class Report>
  void report(ipsec::ClusterId id, SubSaId sub_sa, Actions& actions, Report what);
  template <class Report>
  void change(Held& held, SubSaId sub_sa, PathState& path, Actions& actions, Report what);
  void order(Instant now, Actions& actions);
  static void put_in_order(const ipsec::Delivery& delivery, const Place& place, Instant now,
                           Actions& actions);
  void settle(const ipsec::Settled& settled, Instant now, Actions& actions);
  void look_after(Instant now, Actions& actions);

  ipsec::DataPath& data_path_;
  const crypto::Provider& provider_;
  std::map<ipsec::ClusterId, Held> clusters_;
  std::unordered_map<const ipsec::InboundSa*, Place> places_;
  TellPath tell_path_;
  std::vector<ipsec::Delivery> arrived_;  // of the batch, before they are put in order
};

}  // namespace mpsec::cluster
