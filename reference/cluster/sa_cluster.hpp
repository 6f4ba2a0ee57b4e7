// An SA cluster (draft-zhang-ipsecme-multi-path-ipsec 3, docs/sa-cluster-profile.md): sub-SAs that serve one
// policy, with one source of sequence numbers and one anti-replay window.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <vector>

#include "cluster/cluster_core.hpp"
#include "cluster/cluster_events.hpp"
#include "cluster/path_scheduler.hpp"
#include "cluster/sub_sa_window.hpp"
#include "ipsec/data_path.hpp"
#include "ipsec/outbound_group.hpp"

namespace mpsec::cluster {

// What is known of a sub-SA's path, from IKE and from traffic.
struct PathKnowledge {
  bool alive = true;
  std::optional<Duration> round_trip{};
  double loss = 0;

  bool operator==(const PathKnowledge&) const = default;
};

// One worker's part of a cluster: the sub-SAs whose packets go through its data path. Workers share a
// ClusterCore; with a single worker this is the whole cluster. One thread.
class SaCluster final : public ipsec::OutboundGroup {
 public:
  // From what all sub-SAs share to what this one gets instead.
  using WindowOf = std::function<std::shared_ptr<ipsec::AntiReplay>(std::shared_ptr<ipsec::AntiReplay>,
                                                                    const ipsec::InboundParameters&)>;
  using SequenceOf = std::function<std::shared_ptr<ipsec::SequenceSource>(
      std::shared_ptr<ipsec::SequenceSource>, const ipsec::OutboundParameters&)>;
  struct Seams {
    ipsec::DataPath& data_path;  // outlives the cluster
    const crypto::Provider& provider;
    std::unique_ptr<PathScheduler> scheduler;
    // Nothing: numbers are taken from the counter as they are needed. The peer's window is the cluster's.
    std::optional<LeaseRules> leases{};
    // Empty: what is shared is what each sub-SA has.
    WindowOf window{};
    SequenceOf sequence{};
    // False for the part of a further worker that has halves of sub-SAs of the founder's part: those are
    // counted there, and named there.
    bool counts = true;
  };

  // Fails as ClusterParameters::check and LeaseRules::check do.
  static Result<std::unique_ptr<SaCluster>> make(ClusterParameters parameters, Seams seams);
  // A further worker's part.
  static Result<std::unique_ptr<SaCluster>> make(std::shared_ptr<ClusterCore> core, Seams seams);
  // Its sub-SAs go with it.
  ~SaCluster() override;
  SaCluster(const SaCluster&) = delete;

  // --- membership. Halves come and go by themselves, as IKE makes and ends them (RFC 7296 2.8).

  // A name for a sub-SA to come, of which both halves are then parts. One that is to take another's place by
  // rekey shares it until one of them goes: both count as one, so that a full cluster can be rekeyed. One
  // such heir at a time.
  SubSaId new_sub_sa(std::optional<SubSaId> replaces = std::nullopt);
  // Fails, naming what is wrong, where the cluster has ended or has no numbers left, where there are as many
  // sub-SAs as may be, where a field is not equal (check_sub_sa), where an inbound SPI is another's, where
  // addresses of transport mode are not those of the others, where the sub-SA has that half already, or as
  // InboundSa::make, OutboundSa::make and the SAD do. Nothing is changed then.
  Result<ipsec::InboundSa*> join(SubSaId sub_sa, ipsec::InboundParameters parameters,
                                 ipsec::SadKeyShape shape = ipsec::SadKeyShape::spi);
  // `weight`: for schedulers that heed it; not 0.
  Result<ipsec::OutboundSa*> join(SubSaId sub_sa, ipsec::OutboundParameters parameters,
                                  std::uint32_t weight = 1);
  // Another worker's part has the inbound half. Fails as join does. It counts as valid until the sub-SA
  // leaves.
  Result<> join_elsewhere(SubSaId sub_sa);
  // False where there is no such sub-SA, or not that half of it. What its packets were is forgotten by
  // nobody: numbers and window are the cluster's.
  bool leave_outbound(SubSaId sub_sa);
  bool leave(SubSaId sub_sa);

  // --- paths
  void note_path(SubSaId sub_sa, const PathKnowledge& knowledge);

  // --- time. To be called as often as events are wanted; looks at every sub-SA.
  void look_after(Instant now, std::vector<ClusterEvent>& events);

  // --- OutboundGroup
  Choice choose(const ipsec::PacketSelectors& flow, std::uint32_t wanted, Instant now) noexcept override;
  std::uint32_t largest_packet() const noexcept override;

  // --- what is there
  const ClusterParameters& parameters() const { return core_->parameters(); }
  const std::shared_ptr<ClusterCore>& core() const { return core_; }
  // Of the whole cluster, over all workers.
  ClusterState state() const { return core_->state(); }
  std::size_t sub_sas() const { return members_.size(); }
  bool has(SubSaId sub_sa) const { return members_.contains(sub_sa); }
  std::size_t valid_sub_sas() const;
  ipsec::InboundSa* inbound(SubSaId sub_sa) const;
  ipsec::OutboundSa* outbound(SubSaId sub_sa) const;
  // Whose SA it is; nothing: not of this cluster.
  std::optional<SubSaId> owner(const ipsec::InboundSa* sa) const;
  // Numbers that came by two sub-SAs, where that is watched (duplication, watch_numbers).
  RepeatedNumbers repeated() const;
  // Of this part; all zero without leases.
  LeaseReport leases() const { return leased_ ? leased_->report() : LeaseReport{}; }

 private:
  struct Member {
    ipsec::InboundSa* inbound = nullptr;
    ipsec::OutboundSa* outbound = nullptr;
    std::shared_ptr<SubSaWindow> window;  // where repeated numbers are watched
    std::uint32_t weight = 1;
    PathKnowledge path;
    bool counted = false;  // as valid, in the core
    bool has_place = true;
    bool elsewhere = false;       // its inbound half is another part's
    std::optional<SubSaId> heir;  // who joined to take its place
    bool valid() const {
      return elsewhere || (inbound != nullptr && inbound->usable()) ||
             (outbound != nullptr && outbound->usable());
    }
  };
  struct Offered {
    ipsec::OutboundSa* sa;
  };

  SaCluster(std::shared_ptr<ClusterCore> core, Seams seams);
  Result<> may_join(SubSaId sub_sa) const;
  Result<> fits(SubSaId sub_sa, const ipsec::SaParameters& parameters, bool inbound) const;
  Result<Member*> place_for(SubSaId sub_sa);
  bool take_place(SubSaId sub_sa, Member& member);
  void give_place(SubSaId sub_sa, const Member& member);
  Member* replaced_by(SubSaId sub_sa);
  void forget_if_empty(SubSaId sub_sa);
  std::shared_ptr<ipsec::AntiReplay> window_for(Member& member) const;
  std::shared_ptr<ipsec::SequenceSource> source();
  Result<> joined(SubSaId sub_sa, Member& member);
  void count_out(Member& member);
  void offer_paths();
  void note_ends(std::vector<ClusterEvent>& events);
  void note_limits(std::vector<ClusterEvent>& events);
  std::unexpected<Error> refused(SubSaId sub_sa, std::string why) const;

  std::shared_ptr<ClusterCore> core_;
  ipsec::DataPath& data_path_;
  const crypto::Provider& provider_;
  WindowOf window_of_;
  SequenceOf sequence_of_;
  std::unique_ptr<PathScheduler> scheduler_;
  std::shared_ptr<LeasedSequence> leased_;
  bool counts_;
  ipsec::SelectorMatcher matcher_;
  bool offer_is_stale_ = true;
  std::vector<Offered> offered_;  // by the positions that the scheduler knows
  std::map<SubSaId, Member> members_;
  std::set<Spi> spis_;                   // inbound
  std::map<SubSaId, SubSaId> replaces_;  // a new sub-SA, and whose place it is to take
  std::uint32_t last_id_ = 0;
  bool end_told_ = false, exhaustion_told_ = false, unshared_told_ = false;
  std::uint64_t window_told_ = 0;
  std::optional<std::uint32_t> mtu_told_;
  RepeatedNumbers repeated_before_;  // by sub-SAs that have left
};

}  // namespace mpsec::cluster
