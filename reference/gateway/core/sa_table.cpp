#include "gateway/core/sa_table.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <ranges>

#include "gateway/core/cluster_policy.hpp"

namespace mpsec::gateway {
namespace {

std::unexpected<Error> failed(ike::ChildId child, std::string_view half, Error error) {
  error.path = fmt::format("Child SA {}/{} half/{}", child.value, half, error.path);
  return std::unexpected(std::move(error));
}

bool is_configured(const ike::ClusterMembership& membership) {
  return membership.id == ike::ClusterId{};
}

}  // namespace

void SaTable::configure(const Settings& settings) {
  cluster_policies_.clear();
  configured_.clear();
  for (const ipsec::Policy& policy : settings.policies) {
    if (!policy.protect) continue;
    if (const auto* cluster = std::get_if<ipsec::ClusterId>(&policy.protect->by))
      cluster_policies_[policy.id] = *cluster;
  }
  for (const auto& [_, cluster] : settings.clusters) {
    Configured& configured = configured_[cluster.id];
    configured.settings = cluster;
    for (const auto& [name, peer] : settings.peers)
      for (const PathSettings& path : peer.paths)
        if (const auto weight = cluster.weights.find(path.name); weight != cluster.weights.end())
          configured.weights[path.local] = weight->second;
  }
}

Result<> SaTable::apply(ike::SadChange change, Instant now, cluster::ClusterEnd::Actions& actions) {
  if (auto* inbound = std::get_if<ike::InstallInbound>(&change)) return install(std::move(*inbound), now);
  if (auto* outbound = std::get_if<ike::InstallOutbound>(&change)) return install(std::move(*outbound), now);
  if (const auto* half = std::get_if<ike::RemoveOutbound>(&change)) remove(*half);
  if (const auto* both = std::get_if<ike::RemoveChild>(&change)) remove(*both, now, actions);
  if (const auto* moved = std::get_if<ike::MoveChild>(&change)) move(*moved);
  return {};
}

Result<> SaTable::add_manual(ManualSa& sa, Instant now) {
  const ike::ChildId id{manual_++};
  std::optional<ike::ClusterMembership> cluster;
  if (sa.cluster) {
    const auto named = std::ranges::find(configured_, *sa.cluster,
                                         [](const auto& one) { return one.second.settings.wish.name; });
    if (named == configured_.end())
      return std::unexpected(Error{Blame::local_fault, fmt::format("sa '{}'/cluster", sa.name), std::nullopt,
                                   fmt::format("there is no cluster '{}'", *sa.cluster), ""});
    cluster_policies_[sa.policy] = named->first;
    cluster = configured_membership(named->second.settings);
  }
  if (auto made = install(ike::InstallInbound{id, sa.policy, std::move(sa.inbound), cluster}, now); !made)
    return made;
  return install(ike::InstallOutbound{id, sa.policy, std::move(sa.outbound), cluster}, now);
}

SaTable::Child& SaTable::child(ike::ChildId id, ipsec::PolicyId policy) {
  Child& child = children_[id];
  child.id = id;
  child.policy = policy;
  return child;
}

Result<> SaTable::install(ike::InstallInbound change, Instant now) {
  Child& owner = child(change.child, change.policy);
  const Spi spi = change.parameters.spi;
  Result<ipsec::InboundSa*> made = nullptr;
  if (const auto cluster = membership_of(change.cluster, change.policy)) {
    change.parameters.replay_window = cluster->own_window;
    const auto place = place_for(owner, *cluster, change.parameters, change.replaces);
    if (!place) return failed(change.child, "inbound", place.error());
    made = join(owner, std::move(change.parameters), now);
  } else {
    auto window = window_for(change.parameters);
    auto sa = ipsec::InboundSa::make(std::move(change.parameters), seams_.provider, std::move(window));
    if (!sa) return failed(change.child, "inbound", std::move(sa).error());
    made = seams_.ends.data_path().add(*std::move(sa));
  }
  if (!made) return failed(change.child, "inbound", std::move(made).error());
  owner.inbound = *made;
  owner.told = now;
  by_inbound_[*made] = change.child;
  by_inbound_spi_[spi] = change.child;
  return {};
}

Result<> SaTable::install(ike::InstallOutbound change, Instant now) {
  Child& owner = child(change.child, change.policy);
  const Spi spi = change.parameters.spi;
  if (const auto cluster = membership_of(change.cluster, change.policy)) {
    const auto place = place_for(owner, *cluster, change.parameters, std::nullopt);
    if (!place) return failed(change.child, "outbound", place.error());
    auto joined = join(owner, std::move(change.parameters), now);
    if (!joined) return failed(change.child, "outbound", std::move(joined).error());
    owner.outbound = *joined;
  } else {
    auto source = source_for(change.parameters);
    auto sa = ipsec::OutboundSa::make(std::move(change.parameters), seams_.provider, std::move(source));
    if (!sa) return failed(change.child, "outbound", std::move(sa).error());
    owner.outbound = seams_.ends.data_path().add(change.policy, *std::move(sa));
  }
  by_outbound_spi_.emplace(spi, change.child);
  return {};
}

std::shared_ptr<ipsec::AntiReplay> SaTable::window_for(const ipsec::InboundParameters& parameters) const {
  if (seams_.replacements == nullptr || !seams_.replacements->window) return nullptr;
  return seams_.replacements->window(ipsec::make_window(parameters), parameters);
}

std::shared_ptr<ipsec::SequenceSource> SaTable::source_for(
    const ipsec::OutboundParameters& parameters) const {
  if (seams_.replacements == nullptr || !seams_.replacements->sequence) return nullptr;
  return seams_.replacements->sequence(ipsec::make_sequence(parameters), parameters);
}

void SaTable::remove(const ike::RemoveOutbound& change) {
  Child* const owner = find(change.child);
  if (owner == nullptr || owner->outbound == nullptr) return;
  forget_outbound(*owner);
  if (owner->place) {
    if (seams_.crew != nullptr) seams_.crew->leave_outbound(owner->place->cluster, owner->place->sub_sa);
    seams_.ends.leave_outbound(owner->place->cluster, owner->place->sub_sa);
  } else {
    seams_.ends.data_path().remove(owner->outbound);
  }
  owner->outbound = nullptr;
  owner->further.clear();
}

void SaTable::remove(const ike::RemoveChild& change, Instant now, cluster::ClusterEnd::Actions& actions) {
  Child* const owner = find(change.child);
  if (owner == nullptr) return;
  forget_outbound(*owner);
  forget_inbound(*owner);
  if (owner->place) {
    const Child::Place place = *owner->place;
    if (seams_.crew != nullptr) {
      const auto inbound =
          owner->inbound == nullptr ? std::nullopt : std::optional(owner->inbound->parameters().spi);
      seams_.crew->leave(place.cluster, place.sub_sa, owner->worker, inbound);
    }
    seams_.ends.leave(place.cluster, place.sub_sa);
    by_place_.erase({place.cluster, place.sub_sa});
    children_.erase(change.child);
    --clusters_.at(place.cluster).children;
    end_if_empty(place.cluster, now, actions);
    return;
  }
  if (owner->outbound != nullptr) seams_.ends.data_path().remove(owner->outbound);
  if (owner->inbound != nullptr) seams_.ends.data_path().remove(owner->inbound);
  children_.erase(change.child);
}

void SaTable::forget_outbound(const Child& owner) {
  if (owner.outbound == nullptr) return;
  auto [at, last] = by_outbound_spi_.equal_range(owner.outbound->parameters().spi);
  while (at != last)
    at = at->second == owner.id ? by_outbound_spi_.erase(at) : std::next(at);
}

void SaTable::forget_inbound(const Child& owner) {
  if (owner.inbound == nullptr) return;
  by_inbound_.erase(owner.inbound);
  const auto at = by_inbound_spi_.find(owner.inbound->parameters().spi);
  if (at != by_inbound_spi_.end() && at->second == owner.id) by_inbound_spi_.erase(at);
}

void SaTable::move(const ike::MoveChild& change) {
  Child* const owner = find(change.child);
  if (owner == nullptr || owner->outbound == nullptr) return;
  auto udp = owner->outbound->parameters().udp;
  if (udp) udp->source_port = change.local.port, udp->destination_port = change.remote.port;
  owner->outbound->move(change.local.address, change.remote.address, udp);
  for (std::size_t i = 0; i < owner->further.size(); ++i)
    seams_.crew->desk(i + 1).with(
        [&](Worker&) { owner->further[i]->move(change.local.address, change.remote.address, udp); });
}

// --- clusters

std::optional<ike::ClusterMembership> SaTable::membership_of(
    const std::optional<ike::ClusterMembership>& negotiated, ipsec::PolicyId policy) const {
  if (negotiated) return negotiated;
  const auto named = cluster_policies_.find(policy);
  if (named == cluster_policies_.end()) return std::nullopt;
  const auto configured = configured_.find(named->second);
  if (configured == configured_.end() || !configured->second.settings.by_configuration()) return std::nullopt;
  return configured_membership(configured->second.settings);
}

SaTable::Cluster* SaTable::find_cluster(const ike::ClusterMembership& membership, ipsec::PolicyId policy) {
  const auto named = cluster_policies_.find(policy);
  for (auto& [_, cluster] : clusters_) {
    const bool same = is_configured(membership) ? !cluster.negotiated && named != cluster_policies_.end() &&
                                                      cluster.policy == named->second
                                                : cluster.negotiated == membership.id;
    if (same) return &cluster;
  }
  return nullptr;
}

Result<SaTable::Child::Place> SaTable::place_for(Child& child, const ike::ClusterMembership& membership,
                                                 const ipsec::SaParameters& parameters,
                                                 std::optional<ike::ChildId> replaces) {
  if (child.place) return *child.place;
  Cluster* cluster = find_cluster(membership, child.policy);
  if (cluster == nullptr) {
    const auto founded = found(membership, child.policy, parameters);
    if (!founded) return std::unexpected(founded.error());
    cluster = *founded;
  }
  const Child* const old = replaces ? find(*replaces) : nullptr;
  std::optional<cluster::SubSaId> heir_of;
  if (old != nullptr && old->place && old->place->cluster == cluster->id) heir_of = old->place->sub_sa;
  child.place = Child::Place{cluster->id, seams_.ends.find(cluster->id)->new_sub_sa(heir_of)};
  ++cluster->children;
  by_place_[{child.place->cluster, child.place->sub_sa}] = child.id;
  return *child.place;
}

Result<SaTable::Cluster*> SaTable::found(const ike::ClusterMembership& membership, ipsec::PolicyId policy,
                                         const ipsec::SaParameters& parameters) {
  const auto named = cluster_policies_.find(policy);
  const auto configured =
      named == cluster_policies_.end() ? configured_.end() : configured_.find(named->second);
  if (configured == configured_.end()) {
    return std::unexpected(Error{Blame::local_fault, fmt::format("policy {}", policy.value), std::nullopt,
                                 "it names no cluster, and its SA is to be a part of one", ""});
  }
  const ipsec::ClusterId id{++last_cluster_};
  const ClusterSettings& settings = configured->second.settings;
  auto terms = cluster_parameters(id, membership, parameters, settings);
  auto how = cluster_policy(settings, membership, seams_.rng);
  if (!how) return std::unexpected(std::move(how).error());
  if (seams_.replacements != nullptr) {
    if (seams_.replacements->scheduler)
      how->scheduler = seams_.replacements->scheduler(std::move(how->scheduler));
    how->window = seams_.replacements->window;
    how->sequence = seams_.replacements->sequence;
  }
  auto made = seams_.ends.found(std::move(terms), *std::move(how));
  if (!made) return std::unexpected(std::move(made).error());
  if (auto taken = take_parts(id, settings, membership); !taken) return std::unexpected(taken.error());
  Cluster& cluster = clusters_[id];
  cluster = {id, named->second, settings.wish.name, membership.id};
  if (is_configured(membership)) cluster.negotiated.reset();
  //= profile/9/restart
  offer(cluster);
  return &cluster;
}

void SaTable::end_if_empty(ipsec::ClusterId id, Instant now, cluster::ClusterEnd::Actions& actions) {
  const auto at = clusters_.find(id);
  if (at == clusters_.end() || at->second.children != 0) return;
  const ipsec::ClusterId policy = at->second.policy;
  seams_.ends.data_path().take_back(policy, seams_.ends.find(id));
  if (seams_.crew != nullptr) seams_.crew->end(id);
  seams_.ends.end(id, now, actions);
  clusters_.erase(at);
  offer_newest(policy);
}

// What the policy's packets go by once the cluster that they went by has ended.
void SaTable::offer_newest(ipsec::ClusterId policy) {
  for (const Cluster& cluster : clusters_ | std::views::values | std::views::reverse) {
    if (cluster.policy != policy) continue;
    offer(cluster);
    return;
  }
}

void SaTable::offer(const Cluster& cluster) {
  seams_.ends.data_path().use(cluster.policy, seams_.ends.find(cluster.id));
  if (seams_.crew != nullptr) seams_.crew->offer(cluster.policy, cluster.id);
}

std::uint32_t SaTable::weight(const Cluster& cluster, const IpAddress& local) const {
  const auto configured = configured_.find(cluster.policy);
  if (configured == configured_.end()) return 1;
  const auto weight = configured->second.weights.find(local);
  return weight == configured->second.weights.end() ? 1 : weight->second;
}

// --- what is there

SaTable::Child* SaTable::find(ike::ChildId id) {
  const auto at = children_.find(id);
  return at == children_.end() ? nullptr : &at->second;
}

const SaTable::Child* SaTable::find(ike::ChildId id) const {
  const auto at = children_.find(id);
  return at == children_.end() ? nullptr : &at->second;
}

SaTable::Child* SaTable::find(const ipsec::InboundSa* sa) {
  const auto at = by_inbound_.find(sa);
  return at == by_inbound_.end() ? nullptr : find(at->second);
}

std::vector<SaTable::Child*> SaTable::find(Spi spi, bool outbound) {
  std::vector<Child*> found;
  if (!outbound) {
    const auto at = by_inbound_spi_.find(spi);
    if (at != by_inbound_spi_.end()) found.push_back(find(at->second));
    return found;
  }
  const auto [first, last] = by_outbound_spi_.equal_range(spi);
  for (const auto& [_, child] : std::ranges::subrange(first, last))
    found.push_back(find(child));
  return found;
}

std::optional<ike::ChildId> SaTable::at(ipsec::ClusterId cluster, cluster::SubSaId sub_sa) const {
  const auto at = by_place_.find({cluster, sub_sa});
  return at == by_place_.end() ? std::nullopt : std::optional(at->second);
}

std::optional<ike::ClusterId> SaTable::negotiated(ipsec::ClusterId cluster) const {
  const auto at = clusters_.find(cluster);
  return at == clusters_.end() ? std::nullopt : at->second.negotiated;
}

std::string SaTable::name_of(ipsec::ClusterId cluster) const {
  const auto at = clusters_.find(cluster);
  return at == clusters_.end() ? std::string{} : at->second.name;
}

std::vector<ipsec::ClusterId> SaTable::clusters() const {
  std::vector<ipsec::ClusterId> all;
  for (const auto& [id, _] : clusters_)
    all.push_back(id);
  return all;
}

}  // namespace mpsec::gateway
