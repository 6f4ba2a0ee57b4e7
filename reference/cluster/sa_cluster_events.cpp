// What a cluster notices as time goes on, and says once.
#include <algorithm>
#include <utility>

#include "cluster/sa_cluster.hpp"

namespace mpsec::cluster {

void SaCluster::look_after(Instant now, std::vector<ClusterEvent>& events) {
  for (auto& [_, member] : members_) {
    if (member.inbound != nullptr) member.inbound->on_time(now);
    if (member.outbound != nullptr) member.outbound->on_time(now);
  }
  note_ends(events);
  note_limits(events);
}

//= profile/3/lifetimes-are-the-sub-sas
//= draft-zhang/3.4/members-have-lifetimes
//= draft-zhang/3.4/cluster-has-no-lifetime
void SaCluster::note_ends(std::vector<ClusterEvent>& events) {
  for (auto& [id, member] : members_) {
    if (member.valid() || !member.counted) continue;
    count_out(member);
    offer_is_stale_ = true;
    events.emplace_back(SubSaEnded{parameters().id, id});
  }
  if (state() == ClusterState::ended && !std::exchange(end_told_, true))
    events.emplace_back(ClusterEnded{parameters().id});
}

//= profile/4/early-warning
//= profile/6/numbers-not-shared-are-reported
void SaCluster::note_limits(std::vector<ClusterEvent>& events) {
  const ipsec::ClusterId id = parameters().id;
  const std::uint64_t left = core_->sequence().left();
  if (left <= parameters().soft_limit && !std::exchange(exhaustion_told_, true))
    events.emplace_back(SequenceRunsOut{id, left});
  if (const SharedWindow* window = core_->reporting_window()) {
    const std::uint64_t needed = window->report().size_that_would_have_held;
    if (needed > std::max<std::uint64_t>(window_told_, window->size()))
      events.emplace_back(WindowTooSmall{id, window->size(), window_told_ = needed});
  }
  if (!unshared_told_ && !parameters().duplication && repeated().not_shared != 0) {
    unshared_told_ = true;
    if (core_->tell_unshared()) events.emplace_back(NumbersNotShared{id});
  }
  if (const std::uint32_t largest = largest_packet(); largest != mtu_told_) {
    if (mtu_told_) events.emplace_back(ClusterMtuChanged{id, largest});
    mtu_told_ = largest;
  }
}

}  // namespace mpsec::cluster
