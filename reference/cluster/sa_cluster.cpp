#include "cluster/sa_cluster.hpp"

#include <algorithm>
#include <fmt/format.h>

#include "cluster/flow_hash.hpp"

namespace mpsec::cluster {

using ipsec::InboundSa;
using ipsec::OutboundSa;

std::string_view to_string(ClusterState state) {
  switch (state) {
    case ClusterState::founding:
      return "founding";
    case ClusterState::valid:
      return "valid";
    case ClusterState::ended:
      return "ended";
  }
  return "unknown";
}

namespace {

// Of one truth about the peer's window. A peer that looks for no replays has none that could be left.
LeaseRules rules_for(const ClusterParameters& cluster, LeaseRules rules) {
  rules.peer_window = cluster.peer_window != 0 ? cluster.peer_window : ~std::uint32_t{0};
  return rules;
}

}  // namespace

Result<std::unique_ptr<SaCluster>> SaCluster::make(ClusterParameters parameters, Seams seams) {
  if (auto checked = ClusterParameters::check(parameters); !checked) return std::unexpected(checked.error());
  return make(std::make_shared<ClusterCore>(std::move(parameters)), std::move(seams));
}

Result<std::unique_ptr<SaCluster>> SaCluster::make(std::shared_ptr<ClusterCore> core, Seams seams) {
  if (seams.leases) {
    if (auto checked = seams.leases->check(); !checked) return std::unexpected(checked.error());
  }
  return std::unique_ptr<SaCluster>(new SaCluster(std::move(core), std::move(seams)));
}

SaCluster::SaCluster(std::shared_ptr<ClusterCore> core, Seams seams)
    : core_(std::move(core)),
      data_path_(seams.data_path),
      provider_(seams.provider),
      window_of_(std::move(seams.window)),
      sequence_of_(std::move(seams.sequence)),
      scheduler_(std::move(seams.scheduler)),
      counts_(seams.counts),
      matcher_(core_->parameters().selectors, ipsec::Direction::outbound) {
  if (seams.leases)
    leased_ = std::make_shared<LeasedSequence>(core_->sequence(), rules_for(parameters(), *seams.leases));
  data_path_.use(parameters().id, this);
}

SaCluster::~SaCluster() {
  data_path_.take_back(parameters().id, this);
  for (auto& [_, member] : members_) {
    data_path_.remove(member.outbound);
    data_path_.remove(member.inbound);
    if (member.counted) core_->count_invalid();
    if (member.has_place) core_->give_place();
  }
}

// --- membership

std::unexpected<Error> SaCluster::refused(SubSaId sub_sa, std::string why) const {
  return std::unexpected(
      Error{.blame = Blame::local_fault,
            .path = fmt::format("cluster {}/sub-SA {}", parameters().id.value, sub_sa.value),
            .offset = std::nullopt,
            .why = std::move(why),
            .clause = {}});
}

Result<> SaCluster::may_join(SubSaId sub_sa) const {
  if (state() == ClusterState::ended)
    return refused(sub_sa, "the cluster has ended with its last valid sub-SA: found a new one");
  if (core_->sequence().left() == 0)
    return refused(sub_sa, "the cluster's sequence numbers are used up: found a new one");
  return {};
}

// What it must have in common with the other members of this worker, and what not.
//= draft-zhang/3.1/members-have-different-spis
Result<> SaCluster::fits(SubSaId sub_sa, const ipsec::SaParameters& parameters, bool inbound) const {
  //= profile/3/different-spis
  if (inbound && spis_.contains(parameters.spi))
    return refused(sub_sa, fmt::format("another sub-SA has the SPI 0x{:08x}", parameters.spi.value));
  if (parameters.mode != ipsec::Mode::transport) return {};
  //= profile/3/transport-mode-has-one-address-pair
  for (const auto& [_, member] : members_) {
    const ipsec::SaParameters* other = nullptr;
    if (inbound && member.inbound != nullptr) other = &member.inbound->parameters();
    if (!inbound && member.outbound != nullptr) other = &member.outbound->parameters();
    if (other == nullptr) continue;
    if (other->source == parameters.source && other->destination == parameters.destination) return {};
    return refused(sub_sa, fmt::format("expected {} and {}, the addresses of all in transport mode",
                                       to_string(other->source), to_string(other->destination)));
  }
  return {};
}

Result<SaCluster::Member*> SaCluster::place_for(SubSaId sub_sa) {
  if (auto may = may_join(sub_sa); !may) return std::unexpected(may.error());
  if (const auto found = members_.find(sub_sa); found != members_.end()) return &found->second;
  Member member;
  if (!take_place(sub_sa, member))
    return refused(sub_sa, fmt::format("the cluster has {} sub-SAs, as many as it may", core_->sub_sas()));
  last_id_ = std::max(last_id_, sub_sa.value);
  return &(members_[sub_sa] = std::move(member));
}

SubSaId SaCluster::new_sub_sa(std::optional<SubSaId> replaces) {
  const SubSaId sub_sa{++last_id_};
  if (replaces) replaces_.emplace(sub_sa, *replaces);
  return sub_sa;
}

SaCluster::Member* SaCluster::replaced_by(SubSaId sub_sa) {
  const auto replaces = replaces_.find(sub_sa);
  const auto found = replaces == replaces_.end() ? members_.end() : members_.find(replaces->second);
  return found == members_.end() ? nullptr : &found->second;
}

//= profile/3/one-to-65536-sub-sas
//= profile/3/new-joins-before-old-leaves
bool SaCluster::take_place(SubSaId sub_sa, Member& member) {
  if (!counts_) return member.has_place = false, true;
  Member* const old = replaced_by(sub_sa);
  member.has_place = old == nullptr || !old->has_place || old->heir;
  if (member.has_place) return core_->take_place();
  old->heir = sub_sa;
  return true;
}

void SaCluster::give_place(SubSaId sub_sa, const Member& member) {
  if (!counts_) return;
  if (!member.has_place)
    replaced_by(sub_sa)->heir.reset();
  else if (member.heir)
    members_.at(*member.heir).has_place = true;
  else
    core_->give_place();
  std::erase_if(replaces_,
                [&](const auto& entry) { return entry.first == sub_sa || entry.second == sub_sa; });
}

void SaCluster::forget_if_empty(SubSaId sub_sa) {
  const auto found = members_.find(sub_sa);
  const Member& member = found->second;
  if (member.inbound != nullptr || member.outbound != nullptr || member.elsewhere) return;
  if (const auto& window = found->second.window) {
    repeated_before_.redundant += window->repeated().redundant;
    repeated_before_.not_shared += window->repeated().not_shared;
  }
  give_place(sub_sa, found->second);
  members_.erase(found);
}

// nullptr: the SA makes its own.
//= profile/6/one-window
//= draft-zhang/3.3/one-window-for-all-members
//= profile/8/ordinary-peers-numbers-are-per-sa
std::shared_ptr<ipsec::AntiReplay> SaCluster::window_for(Member& member) const {
  const ClusterParameters& cluster = parameters();
  if (!cluster.anti_replay || !core_->window() || (!cluster.duplication && !cluster.watch_numbers))
    return core_->window();
  member.window = std::make_shared<SubSaWindow>(core_->window(), cluster.replay_window,
                                                cluster.extended_sequence_numbers, cluster.duplication);
  return member.window;
}

//= profile/3/joining-under-traffic
//= draft-zhang/3.1/joining-under-traffic
//= draft-zhang/3.1/members-are-added-one-by-one
Result<InboundSa*> SaCluster::join(SubSaId sub_sa, ipsec::InboundParameters parameters,
                                   ipsec::SadKeyShape shape) {
  if (auto checked = check_sub_sa(this->parameters(), parameters); !checked)
    return std::unexpected(checked.error());
  if (auto fit = fits(sub_sa, parameters, true); !fit) return std::unexpected(fit.error());
  auto member = place_for(sub_sa);
  if (!member) return std::unexpected(member.error());
  auto add = [&]() -> Result<InboundSa*> {
    if ((*member)->inbound != nullptr) return refused(sub_sa, "it has an inbound SA already");
    auto window = window_for(**member);
    if (window_of_) window = window_of_(std::move(window), parameters);
    auto made = InboundSa::make(std::move(parameters), provider_, std::move(window));
    if (!made) return std::unexpected(made.error());
    return data_path_.add(*std::move(made), shape);
  };
  auto added = add();
  if (added) {
    (*member)->inbound = *added;
    if (auto counted = joined(sub_sa, **member); !counted) {
      data_path_.remove(std::exchange((*member)->inbound, nullptr));
      added = std::unexpected(counted.error());
    }
  }
  if (added)
    spis_.insert((*added)->parameters().spi);
  else
    forget_if_empty(sub_sa);
  return added;
}

// Numbers come from the cluster's counter, which lives as long as any of its SAs.
//= profile/4/one-counter
//= profile/4/counter-outlives-sub-sas
//= draft-zhang/3.1/one-sequence-source
std::shared_ptr<ipsec::SequenceSource> SaCluster::source() {
  struct Leased {
    std::shared_ptr<ClusterCore> core;
    std::shared_ptr<LeasedSequence> sequence;
  };
  if (!leased_) return {core_, &core_->sequence()};
  auto both = std::make_shared<Leased>(core_, leased_);
  return {both, both->sequence.get()};
}

Result<OutboundSa*> SaCluster::join(SubSaId sub_sa, ipsec::OutboundParameters parameters,
                                    std::uint32_t weight) {
  if (auto checked = check_sub_sa(this->parameters(), parameters); !checked)
    return std::unexpected(checked.error());
  if (auto fit = fits(sub_sa, parameters, false); !fit) return std::unexpected(fit.error());
  if (weight == 0) return refused(sub_sa, "expected a weight of at least 1, found 0");
  auto member = place_for(sub_sa);
  if (!member) return std::unexpected(member.error());
  auto make = [&]() -> Result<std::unique_ptr<OutboundSa>> {
    if ((*member)->outbound != nullptr) return refused(sub_sa, "it has an outbound SA already");
    auto numbers = source();
    if (sequence_of_) numbers = sequence_of_(std::move(numbers), parameters);
    return OutboundSa::make(std::move(parameters), provider_, std::move(numbers));
  };
  auto made = make();
  if (!made) {
    forget_if_empty(sub_sa);
    return std::unexpected(made.error());
  }
  (*member)->outbound = data_path_.add(*std::move(made));
  (*member)->weight = weight;
  if (auto counted = joined(sub_sa, **member); !counted) {
    data_path_.remove(std::exchange((*member)->outbound, nullptr));
    forget_if_empty(sub_sa);
    return std::unexpected(counted.error());
  }
  return (*member)->outbound;
}

Result<> SaCluster::join_elsewhere(SubSaId sub_sa) {
  auto member = place_for(sub_sa);
  if (!member) return std::unexpected(member.error());
  (*member)->elsewhere = true;
  auto counted = joined(sub_sa, **member);
  if (!counted) (*member)->elsewhere = false, forget_if_empty(sub_sa);
  return counted;
}

// Fails where another worker's last sub-SA went in between.
Result<> SaCluster::joined(SubSaId sub_sa, Member& member) {
  if (counts_ && !member.counted && !core_->count_valid()) return may_join(sub_sa);
  member.counted = counts_;
  offer_is_stale_ = true;
  return {};
}

void SaCluster::count_out(Member& member) {
  if (member.valid() || !std::exchange(member.counted, false)) return;
  core_->count_invalid();
}

//= profile/3/leaving
bool SaCluster::leave_outbound(SubSaId sub_sa) {
  const auto found = members_.find(sub_sa);
  if (found == members_.end() || found->second.outbound == nullptr) return false;
  data_path_.remove(std::exchange(found->second.outbound, nullptr));
  offer_is_stale_ = true;
  count_out(found->second);
  forget_if_empty(sub_sa);
  return true;
}

bool SaCluster::leave(SubSaId sub_sa) {
  const auto found = members_.find(sub_sa);
  if (found == members_.end()) return false;
  if (found->second.inbound != nullptr) spis_.erase(found->second.inbound->parameters().spi);
  data_path_.remove(std::exchange(found->second.outbound, nullptr));
  data_path_.remove(std::exchange(found->second.inbound, nullptr));
  found->second.elsewhere = false;
  offer_is_stale_ = true;
  count_out(found->second);
  forget_if_empty(sub_sa);
  return true;
}

// --- paths

void SaCluster::note_path(SubSaId sub_sa, const PathKnowledge& knowledge) {
  const auto found = members_.find(sub_sa);
  if (found == members_.end() || found->second.path == knowledge) return;
  found->second.path = knowledge;
  offer_is_stale_ = true;
}

// The sub-SAs that may be used, on paths that are alive; where no path is, all of them: a packet on a path
// that seems dead may arrive, a packet that is kept back cannot.
//= profile/5/never-an-invalid-sub-sa
//= draft-zhang/3.4/invalid-member-is-not-used
//= profile/5/dead-paths-last
void SaCluster::offer_paths() {
  std::vector<PathView> views;
  offered_.clear();
  auto usable = [](const Member& member) { return member.outbound != nullptr && member.outbound->usable(); };
  const bool any_alive = std::ranges::any_of(
      members_, [&](const auto& entry) { return usable(entry.second) && entry.second.path.alive; });
  for (const auto& [id, member] : members_) {
    if (!usable(member) || (any_alive && !member.path.alive)) continue;
    offered_.push_back({member.outbound});
    views.push_back({id, member.weight, member.path.round_trip, member.path.loss});
  }
  scheduler_->on_paths(views);
  offer_is_stale_ = false;
}

//= profile/5/choice-is-local
//= draft-zhang/3.2/choice-is-local
//= draft-zhang/3.2/one-member-chosen-for-each-packet
//= draft-zhang/3/one-packet-one-sub-sa
//= profile/5/duplication-only-if-agreed
//= draft-zhang/3/traffic-is-split
//= draft-zhang/3.5/path-selection-is-local
ipsec::OutboundGroup::Choice SaCluster::choose(const ipsec::PacketSelectors& flow, std::uint32_t wanted,
                                               Instant now) noexcept {
  if (!matcher_.matches(flow)) return {};
  if (leased_) leased_->begin_batch(now);
  for (;;) {
    if (offer_is_stale_) offer_paths();
    if (offered_.empty()) return {};
    const PathScheduler::Choice choice = scheduler_->choose(flow_hash(flow), wanted);
    OutboundSa* const sa = offered_[choice.path].sa;
    OutboundSa* const copy = choice.copy && parameters().duplication ? offered_[*choice.copy].sa : nullptr;
    // One that has ended since it was offered is not offered again, so this comes to an end.
    offer_is_stale_ = !sa->usable() || (copy != nullptr && !copy->usable());
    if (!offer_is_stale_) return {sa, choice.packets, copy};
  }
}

//= profile/3/path-mtu-of-the-cluster
std::uint32_t SaCluster::largest_packet() const noexcept {
  std::uint32_t smallest = 0;
  for (const auto& [_, member] : members_) {
    if (member.outbound == nullptr || !member.outbound->usable()) continue;
    const std::uint32_t own = member.outbound->largest_packet();
    smallest = smallest == 0 ? own : std::min(smallest, own);
  }
  return smallest;
}

// --- what is there

std::size_t SaCluster::valid_sub_sas() const {
  return static_cast<std::size_t>(
      std::ranges::count_if(members_, [](const auto& entry) { return entry.second.valid(); }));
}

InboundSa* SaCluster::inbound(SubSaId sub_sa) const {
  const auto found = members_.find(sub_sa);
  return found == members_.end() ? nullptr : found->second.inbound;
}

OutboundSa* SaCluster::outbound(SubSaId sub_sa) const {
  const auto found = members_.find(sub_sa);
  return found == members_.end() ? nullptr : found->second.outbound;
}

std::optional<SubSaId> SaCluster::owner(const InboundSa* sa) const {
  for (const auto& [id, member] : members_)
    if (member.inbound == sa) return id;
  return std::nullopt;
}

RepeatedNumbers SaCluster::repeated() const {
  RepeatedNumbers sum = repeated_before_;
  for (const auto& [_, member] : members_) {
    if (!member.window) continue;
    sum.redundant += member.window->repeated().redundant;
    sum.not_shared += member.window->repeated().not_shared;
  }
  return sum;
}

}  // namespace mpsec::cluster
