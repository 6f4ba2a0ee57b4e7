// An SA cluster as one would explain it, for tests: sets and maps, everything by search.
#pragma once

#include <algorithm>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <span>
#include <vector>

#include "cluster/cluster_events.hpp"
#include "ipsec/discard.hpp"
#include "ipsec/lifetime.hpp"

namespace mpsec::cluster::test {

// The numbers that were accepted: by all sub-SAs, and by each.
class WindowModel {
 public:
  // `history`: how far below the top a number of 32 bits is looked for.
  WindowModel(std::uint32_t size, std::uint32_t history, bool extended, std::uint64_t start)
      : size_(size), history_(history), extended_(extended), floor_(start), top_(start) {}

  // The number nearest behind the place `history` below the top, or number 0 but at least the window's size
  // below, that ends in these bits; nothing: it would be negative, or too large.
  std::optional<std::uint64_t> infer(std::uint32_t on_wire) const {
    if (!extended_) return on_wire;
    const std::uint64_t reach = std::clamp<std::uint64_t>(top_ + 1, size_, history_);
    if (top_ + 1 < reach) {
      const std::uint64_t below_zero = reach - 1 - top_;
      const auto offset = static_cast<std::uint32_t>(on_wire + below_zero);
      return offset < below_zero ? std::nullopt : std::optional(offset - below_zero);
    }
    const std::uint64_t bottom = top_ + 1 - reach;
    const std::uint64_t number = bottom + static_cast<std::uint32_t>(on_wire - bottom);
    return number < bottom ? std::nullopt : std::optional(number);
  }

  ipsec::Discard judge(std::uint64_t number, std::uint32_t sub_sa, bool duplication) const {
    if (number > top_) return ipsec::Discard::none;
    if (number == 0 || top_ - number >= size_) return ipsec::Discard::replay_too_old;
    if (number > floor_ && !all_.contains(number)) return ipsec::Discard::none;
    if (duplication && !own_.contains({sub_sa, number})) return ipsec::Discard::redundant;
    return ipsec::Discard::replay_duplicate;
  }
  // An authentic packet's number that was judged none or redundant.
  void take(std::uint64_t number, std::uint32_t sub_sa) {
    all_.insert(number);
    own_.insert({sub_sa, number});
    top_ = std::max(top_, number);
  }

  std::uint64_t top() const { return top_; }

 private:
  std::uint32_t size_, history_;
  bool extended_;
  std::uint64_t floor_, top_;
  std::set<std::uint64_t> all_;
  std::set<std::pair<std::uint32_t, std::uint64_t>> own_;
};

// One half of a sub-SA, at one end.
struct HalfModel {
  ipsec::LifetimeLimit hard{};
  std::uint64_t packets = 0, octets = 0;
  bool ended = false;  // and the end has noticed

  bool carries(std::uint32_t size, Instant now) const {
    return !ended && now < hard.until && packets < hard.packets && octets + size <= hard.octets;
  }
  // Whatever arrives lets an inbound half see that its time is over.
  void see_time(Instant now) { ended |= now >= hard.until; }
  // What an inbound half makes of a fresh packet.
  bool charge(std::uint32_t size, Instant now) {
    ended |= !carries(size, now);
    if (ended) return false;
    ++packets, octets += size;
    return true;
  }
};

struct SubSaModel {
  std::optional<HalfModel> in{}, out{};
  bool alive = true;
  bool counted = false;  // as valid
  bool valid() const { return (in && !in->ended) || (out && !out->ended); }
};

// The members of a cluster as one end has them.
class MembersModel {
 public:
  explicit MembersModel(std::uint32_t most = 0) : most_(most) {}

  using Half = std::optional<HalfModel> SubSaModel::*;
  bool may_join(std::uint32_t sub_sa, Half half) const {
    const auto found = all_.find(sub_sa);
    if (found == all_.end()) return !ended_ && all_.size() < most_;
    return !ended_ && !(found->second.*half);
  }
  void join(std::uint32_t sub_sa, Half half, const ipsec::LifetimeLimit& hard) {
    (all_[sub_sa].*half) = HalfModel{.hard = hard};
    all_[sub_sa].counted = true;
  }
  // False where there is nothing to leave.
  bool leave(std::uint32_t sub_sa, bool outbound_only) {
    const auto found = all_.find(sub_sa);
    if (found == all_.end() || (outbound_only && !found->second.out)) return false;
    found->second.out.reset();
    if (!outbound_only) found->second.in.reset();
    const bool counted = found->second.counted;
    found->second.counted = found->second.valid();
    if (!found->second.in && !found->second.out) all_.erase(found);
    if (counted) end_if_none();
    return true;
  }
  // Who has ended since, of a sub-SA that was valid.
  std::vector<std::uint32_t> look_after(Instant now) {
    std::vector<std::uint32_t> gone;
    for (auto& [id, sub_sa] : all_) {
      for (auto* half : {&sub_sa.in, &sub_sa.out})
        if (*half) (*half)->ended |= now >= (*half)->hard.until;
      if (!sub_sa.valid() && std::exchange(sub_sa.counted, false)) gone.push_back(id);
    }
    if (!gone.empty()) end_if_none();
    return gone;
  }

  SubSaModel* find(std::uint32_t sub_sa) {
    const auto found = all_.find(sub_sa);
    return found == all_.end() ? nullptr : &found->second;
  }
  std::map<std::uint32_t, SubSaModel>& all() { return all_; }
  ClusterState state() const {
    if (ended_) return ClusterState::ended;
    const bool valid = std::ranges::any_of(all_, [](const auto& entry) { return entry.second.counted; });
    return valid ? ClusterState::valid : ClusterState::founding;
  }

 private:
  void end_if_none() { ended_ |= state() == ClusterState::founding; }

  std::uint32_t most_;
  bool ended_ = false;
  std::map<std::uint32_t, SubSaModel> all_;
};

}  // namespace mpsec::cluster::test
