#include "pcap-replay/cluster/cluster_account.hpp"

#include <algorithm>
#include <bit>

namespace mpsec::replay {

using ipsec::ReplayVerdict;

std::string_view to_string(SharedVerdict verdict) {
  switch (verdict) {
    case SharedVerdict::fresh:
      return "fresh";
    case SharedVerdict::redundant:
      return "redundant";
    case SharedVerdict::replay:
      return "replay";
    case SharedVerdict::too_old:
      return "too old";
    case SharedVerdict::unreadable:
      return "unreadable";
  }
  return "";
}

ClusterAccount::ClusterAccount(const AccountOptions& options)
    : metrics_({.bound = options.reordering_bound,
                .displacement_threshold = options.reordering_bound,
                .buffer_threshold = options.reordering_bound}),
      seen_(std::bit_ceil(std::clamp<std::uint64_t>(
          std::max<std::uint64_t>(options.reordering_bound, options.replay_window), 1, most_remembered))) {
  if (options.replay_window != 0)
    window_ = std::make_shared<ipsec::ReplayWindow>(options.replay_window, true);
}

std::uint32_t ClusterAccount::join() {
  members_.emplace_back();
  return static_cast<std::uint32_t>(members_.size() - 1);
}

// As for one SA: a jump over half the range is a wrap. But it is the cluster's highest that counts: a sub-SA
// that joins late begins where the cluster stands.
std::uint64_t ClusterAccount::infer(std::uint32_t on_wire) const {
  if (!any_) return on_wire;
  const auto ahead = static_cast<std::int32_t>(on_wire - static_cast<std::uint32_t>(top_));
  const std::uint64_t number = top_ + static_cast<std::uint64_t>(std::int64_t{ahead});
  return ahead < 0 && number > top_ ? on_wire : number;
}

SharedVerdict ClusterAccount::judge(const SharedArrival& arrival) {
  return note(arrival, window_ ? window_->accept(arrival.number) : ReplayVerdict::fresh);
}

SharedVerdict ClusterAccount::note(const SharedArrival& arrival, ReplayVerdict verdict) {
  if (verdict == ReplayVerdict::below_zero) return SharedVerdict::unreadable;
  const cluster::ArrivalOrder order =
      metrics_.arrival(SequenceNumber(arrival.number), arrival.time, arrival.octets);
  Member& member = members_[arrival.member];
  member.in_order += order <= cluster::ArrivalOrder::discontinuity ? 1 : 0;
  member.reordered += order == cluster::ArrivalOrder::reordered ? 1 : 0;
  const Seen& seen = seen_[arrival.number & (seen_.size() - 1)];
  if (seen.frame != 0 && seen.number == arrival.number) return repeated(arrival, seen);
  if (verdict ==
      ReplayVerdict::duplicate) {  // before the account began, or it was too long ago to say of whom
    ++member.replays;
    return SharedVerdict::replay;
  }
  first_time(arrival, verdict);
  return verdict == ReplayVerdict::too_old ? SharedVerdict::too_old : SharedVerdict::fresh;
}

SharedVerdict ClusterAccount::repeated(const SharedArrival& arrival, const Seen& seen) {
  const bool redundant = arrival.member != seen.member;
  const Duration apart = arrival.time - seen.time;
  std::optional<bool> same;
  if (arrival.content != 0 && seen.content != 0) same = arrival.content == seen.content;
  if (repeats_.size() < most_repeats_kept)
    repeats_.push_back({arrival.number, seen.member, arrival.member, seen.frame, arrival.frame, apart, same});
  if (!redundant) {
    ++members_[arrival.member].replays;
    return SharedVerdict::replay;
  }
  ++members_[arrival.member].redundant;
  same_content_ += same == true ? 1 : 0;
  other_content_ += same == false ? 1 : 0;
  longest_apart_ = std::max(longest_apart_, apart);
  const auto pair = std::minmax(arrival.member, seen.member);
  if (pairs_.size() < most_pairs_kept || pairs_.contains(pair)) ++pairs_[pair];
  return SharedVerdict::redundant;
}

void ClusterAccount::first_time(const SharedArrival& arrival, ReplayVerdict verdict) {
  Member& member = members_[arrival.member];
  ++(verdict == ReplayVerdict::too_old ? member.too_old : member.fresh);
  if (any_ && arrival.number < top_) member.most_behind = std::max(member.most_behind, top_ - arrival.number);
  top_ = any_ ? std::max(top_, arrival.number) : arrival.number;
  any_ = true;
  Seen& seen = seen_[arrival.number & (seen_.size() - 1)];
  // A packet that is late by more than the account remembers does not push a newer one out.
  if (seen.frame != 0 && seen.number > arrival.number) return;
  seen = {arrival.number, arrival.frame, arrival.time, arrival.member, arrival.content};
}

std::uint64_t ClusterAccount::window_needed() const {
  std::uint64_t most = 0;
  for (const Member& member : members_)
    most = std::max(most, member.most_behind);
  return most + 1;
}

std::uint64_t ClusterAccount::sum(std::uint64_t Member::* field) const {
  std::uint64_t total = 0;
  for (const Member& member : members_)
    total += member.*field;
  return total;
}

}  // namespace mpsec::replay
