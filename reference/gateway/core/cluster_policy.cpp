#include "gateway/core/cluster_policy.hpp"

#include "cluster/make_scheduler.hpp"

namespace mpsec::gateway {
namespace {

std::unique_ptr<cluster::ReorderPolicy> reorder_policy(const ClusterSettings::Reordering& reordering) {
  using Policy = ClusterSettings::Reordering::Policy;
  switch (reordering.policy) {
    case Policy::time:
      return std::make_unique<cluster::ReleaseByTime>(reordering.hold);
    case Policy::gap:
      return std::make_unique<cluster::ReleaseByGap>(reordering.gap);
    case Policy::adaptive:
      break;
  }
  return std::make_unique<cluster::AdaptiveRelease>(cluster::AdaptiveOptions{.bound = reordering.hold});
}

}  // namespace

//= profile/2.1/equal-fields-are-written-down
ike::ClusterMembership configured_membership(const ClusterSettings& settings) {
  ike::ClusterMembership membership;
  membership.anti_replay = settings.wish.anti_replay;
  membership.duplication = settings.wish.duplication;
  membership.own_window = settings.wish.window;
  membership.peer_window = settings.peer_window.value_or(settings.wish.window);
  return membership;
}

cluster::ClusterParameters cluster_parameters(ipsec::ClusterId id, const ike::ClusterMembership& membership,
                                              const ipsec::SaParameters& sub_sa,
                                              const ClusterSettings& settings) {
  cluster::ClusterParameters parameters;
  parameters.id = id;
  parameters.name = settings.wish.name;
  if (settings.share_with_ordinary_peer) parameters.peer = cluster::PeerKind::ordinary;
  // A negotiated peer has said that it shares its numbers; one of whom only a file says so may not.
  parameters.watch_numbers = membership.id == ike::ClusterId{} && !settings.share_with_ordinary_peer;
  parameters.mode = sub_sa.mode;
  parameters.selectors = sub_sa.selectors;
  parameters.extended_sequence_numbers = sub_sa.extended_sequence_numbers;
  parameters.anti_replay = membership.anti_replay;
  parameters.replay_window = membership.own_window;
  parameters.peer_window = membership.peer_window;
  parameters.duplication = membership.duplication;
  return parameters;
}

Result<cluster::ClusterEnd::Policy> cluster_policy(const ClusterSettings& settings,
                                                   const ike::ClusterMembership& membership, Rng& rng) {
  auto scheduler = cluster::make_scheduler(settings.scheduler, rng);
  if (!scheduler) return std::unexpected(std::move(scheduler).error());
  cluster::ClusterEnd::Policy policy{.scheduler = *std::move(scheduler)};
  policy.leases = settings.leases;
  if (policy.leases) policy.leases->peer_window = membership.peer_window;
  if (settings.reordering)
    policy.reordering.emplace(settings.reordering->options, reorder_policy(*settings.reordering));
  policy.paths = settings.paths;
  policy.metrics = settings.metrics;
  return policy;
}

}  // namespace mpsec::gateway
