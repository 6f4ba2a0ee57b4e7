// The Child SAs as the data path has them: what IKE asks to install, move and remove, and whose an SA is that
// the data path speaks of.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "cluster/cluster_end.hpp"
#include "gateway/core/replacements.hpp"
#include "gateway/core/status.hpp"
#include "gateway/settings/settings.hpp"
#include "gateway/workers/crew.hpp"
#include "ike/actions.hpp"
#include "ike/seams.hpp"

namespace mpsec::gateway {

class SaTable final : public ike::Traffic {
 public:
  struct Seams {
    cluster::ClusterEnd& ends;
    const crypto::Provider& provider;
    Rng& rng;  // schedulers
    const Replacements* replacements = nullptr;
    Crew* crew = nullptr;  // the further workers; null: there are none
  };
  // A Child SA's halves; null: not there (yet, or any more).
  struct Child {
    ike::ChildId id;
    ipsec::PolicyId policy{};
    ipsec::InboundSa* inbound = nullptr;
    ipsec::OutboundSa* outbound = nullptr;
    std::size_t worker = 0;                     // whose data path has the inbound half
    std::vector<ipsec::OutboundSa*> further{};  // the outbound half at the further workers
    struct Place {
      ipsec::ClusterId cluster;
      cluster::SubSaId sub_sa;
    };
    std::optional<Place> place{};  // none: an SA of its own
    Instant told{};                // of its traffic, to IKE
    bool heard = false;            // it has carried traffic to us
  };

  explicit SaTable(const Seams& seams) : seams_(seams) {}

  // Policies of `settings` that name clusters; `weights` by the local address of a path.
  void configure(const Settings& settings);
  // In the order in which IKE says them. Fails (local fault) naming the child where an SA cannot be made:
  // that half is then not there.
  Result<> apply(ike::SadChange change, Instant now, cluster::ClusterEnd::Actions& actions);

  // An SA pair that no IKE has made, and that none removes; its keys are moved out of it.
  Result<> add_manual(ManualSa& sa, Instant now);

  std::optional<Instant> last_sent(ike::ChildId child) const override;
  // --- what all halves of it have carried, and what they have met; at a further worker between its turns
  SaTraffic traffic(const Child& child) const;
  bool limit_reached(const Child& child, bool outbound, bool hard) const;
  bool exhausted(const Child& child) const;
  // The core's own outbound half has learnt a path MTU: the others take it over.
  void spread_path_mtu(const Child& child);

  Child* find(ike::ChildId id);
  const Child* find(ike::ChildId id) const;
  Child* find(const ipsec::InboundSa* sa);
  // Whose SA a report of the data path is about; several where peers have chosen one SPI for two SAs.
  std::vector<Child*> find(Spi spi, bool outbound);
  // The sub-SA's; nothing: it is not there.
  std::optional<ike::ChildId> at(ipsec::ClusterId cluster, cluster::SubSaId sub_sa) const;
  // The cluster as both ends know it; nothing: no longer there.
  std::optional<ike::ClusterId> negotiated(ipsec::ClusterId cluster) const;
  // The configured name of it.
  std::string name_of(ipsec::ClusterId cluster) const;
  std::vector<ipsec::ClusterId> clusters() const;
  const std::map<ike::ChildId, Child>& children() const { return children_; }

 private:
  // A negotiated cluster, or one made for the ordinary SAs of a peer.
  struct Cluster {
    ipsec::ClusterId id;
    ipsec::ClusterId policy;  // by which the SPD knows it
    std::string name;
    std::optional<ike::ClusterId> negotiated;  // none: by configuration
    std::size_t children = 0;
  };
  struct Halves;

  Result<> install(ike::InstallInbound change, Instant now);
  Result<> install(ike::InstallOutbound change, Instant now);
  // Into its cluster: at the worker that is to have it, and at all of them.
  Result<ipsec::InboundSa*> join(Child& child, ipsec::InboundParameters parameters, Instant now);
  Result<ipsec::OutboundSa*> join(Child& child, ipsec::OutboundParameters parameters, Instant now);
  Result<> take_parts(ipsec::ClusterId cluster, const ClusterSettings& settings,
                      const ike::ClusterMembership& membership);
  template <class Look>
  auto look(const Child& child, Look look) const;
  void remove(const ike::RemoveOutbound& change);
  void remove(const ike::RemoveChild& change, Instant now, cluster::ClusterEnd::Actions& actions);
  void move(const ike::MoveChild& change);
  // What is agreed over IKE, or else by the configuration of the policy; nothing: an SA of its own.
  std::optional<ike::ClusterMembership> membership_of(const std::optional<ike::ClusterMembership>& negotiated,
                                                      ipsec::PolicyId policy) const;
  Cluster* find_cluster(const ike::ClusterMembership& membership, ipsec::PolicyId policy);
  // The child's place in its cluster, which is founded where it is not there yet.
  Result<Child::Place> place_for(Child& child, const ike::ClusterMembership& membership,
                                 const ipsec::SaParameters& parameters, std::optional<ike::ChildId> replaces);
  Result<Cluster*> found(const ike::ClusterMembership& membership, ipsec::PolicyId policy,
                         const ipsec::SaParameters& parameters);
  void end_if_empty(ipsec::ClusterId cluster, Instant now, cluster::ClusterEnd::Actions& actions);
  void offer_newest(ipsec::ClusterId policy);
  void offer(const Cluster& cluster);
  Child& child(ike::ChildId id, ipsec::PolicyId policy);
  std::uint32_t weight(const Cluster& cluster, const IpAddress& local) const;
  // What a seam's replacement gives for an SA of its own; null: the SA makes the standard one.
  std::shared_ptr<ipsec::AntiReplay> window_for(const ipsec::InboundParameters& parameters) const;
  std::shared_ptr<ipsec::SequenceSource> source_for(const ipsec::OutboundParameters& parameters) const;
  void forget_outbound(const Child& owner);
  void forget_inbound(const Child& owner);

  struct Configured {
    ClusterSettings settings;
    std::map<IpAddress, std::uint32_t> weights;  // by local address
  };

  Seams seams_;
  std::map<ipsec::PolicyId, ipsec::ClusterId> cluster_policies_;  // policies that name a cluster
  std::map<ipsec::ClusterId, Configured> configured_;
  std::map<ipsec::ClusterId, Cluster> clusters_;  // those that are there, by an ID of our own
  std::map<ike::ChildId, Child> children_;
  std::unordered_map<const ipsec::InboundSa*, ike::ChildId> by_inbound_;
  std::unordered_multimap<Spi, ike::ChildId> by_outbound_spi_;
  std::unordered_map<Spi, ike::ChildId> by_inbound_spi_;
  std::map<std::pair<ipsec::ClusterId, cluster::SubSaId>, ike::ChildId> by_place_;
  std::uint64_t manual_ = std::uint64_t{1} << 63;  // IDs that IKE does not come to
  std::uint32_t last_cluster_ = 0x8000'0000;       // ours; below are those of the SPD
};

}  // namespace mpsec::gateway
