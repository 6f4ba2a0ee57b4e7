#include "gateway/core/initiations.hpp"

#include <algorithm>

namespace mpsec::gateway {
namespace {

// The names of peers that have a child in a cluster which IKE does not speak of.
std::set<std::string> peers_in_series(const Settings& settings) {
  std::set<ipsec::ClusterId> clusters;
  for (const auto& [_, cluster] : settings.clusters)
    if (cluster.by_configuration()) clusters.insert(cluster.id);
  std::set<ipsec::PolicyId> policies;
  for (const ipsec::Policy& policy : settings.policies) {
    const auto* cluster = policy.protect ? std::get_if<ipsec::ClusterId>(&policy.protect->by) : nullptr;
    if (cluster != nullptr && clusters.contains(*cluster)) policies.insert(policy.id);
  }
  std::set<std::string> names;
  for (const ike::PeerConfiguration& peer : settings.ike.peers)
    if (std::ranges::any_of(peer.children,
                            [&](const auto& child) { return policies.contains(child.policy); }))
      names.insert(peer.name);
  return names;
}

}  // namespace

void Initiations::configure(const Settings& settings, Instant now) {
  const std::set<std::string> in_series = peers_in_series(settings);
  Places wanted;
  for (const auto& [name, peer] : settings.peers)
    for (const PathSettings& path : peer.paths) {
      const auto there = places_.find({name, path.name});
      Place place = there == places_.end() ? Place{.sa = {}, .not_before = now} : there->second;
      place.start = peer.start;
      place.retry = peer.retry;
      place.in_series = in_series.contains(name);
      place.under_way = place.under_way && place.in_series;
      place.due.reset();
      wanted.emplace(PathName{name, path.name}, place);
    }
  places_ = std::move(wanted);
  by_sa_.clear();
  due_.clear();
  for (auto& [name, place] : places_) {
    if (place.sa) by_sa_.emplace(*place.sa, name);
    schedule(name, place);
  }
}

std::vector<Initiations::PathName> Initiations::due(Instant now) {
  std::vector<PathName> candidates, all;
  for (const auto& [at, name] : due_) {
    if (at > now) break;
    candidates.push_back(name);
  }
  for (PathName& name : candidates) {
    Place& place = places_.at(name);
    if (!place.due) continue;  // it waits for one before it
    take_up(place, now);
    schedule_all(name.peer);
    all.push_back(std::move(name));
  }
  return all;
}

std::optional<Instant> Initiations::next_deadline() const {
  if (due_.empty()) return std::nullopt;
  return due_.begin()->first;
}

void Initiations::began(const PathName& path, std::optional<ike::IkeSaId> sa, Instant now) {
  const auto at = places_.find(path);
  if (at == places_.end()) return;
  Place& place = at->second;
  if (place.sa) by_sa_.erase(*place.sa);
  if (sa) by_sa_.emplace(*sa, path);
  place.sa = sa;
  place.asked = place.asked && !sa;
  place.under_way = place.in_series && sa;
  place.not_before = now + place.retry;
  schedule_all(path.peer);
}

void Initiations::established(ike::IkeSaId sa) {
  Place* const place = place_of(sa);
  if (place == nullptr || !place->under_way) return;
  place->under_way = false;
  schedule_all(by_sa_.at(sa).peer);
}

void Initiations::replaced(ike::IkeSaId old_sa, ike::IkeSaId new_sa) {
  auto held = by_sa_.extract(old_sa);
  if (held.empty()) return;
  held.key() = new_sa;
  places_.at(held.mapped()).sa = new_sa;
  by_sa_.insert(std::move(held));
}

void Initiations::gone(ike::IkeSaId sa, Instant now) {
  const auto held = by_sa_.extract(sa);
  if (held.empty()) return;
  Place& place = places_.at(held.mapped());
  place.sa.reset();
  place.under_way = false;
  place.not_before = now + place.retry;
  schedule_all(held.mapped().peer);
}

std::optional<Initiations::PathName> Initiations::wanted(std::string_view peer, Instant now) {
  for (auto at = first_of(peer); at != places_.end() && at->first.peer == peer; ++at) {
    Place& place = at->second;
    if (place.start == Start::none || place.sa || now < place.not_before) continue;
    if (place.in_series) {
      if (is_busy(peer)) return std::nullopt;
      ask_for_all(peer, now);
    }
    take_up(place, now);
    schedule_all(peer);
    return at->first;
  }
  return std::nullopt;
}

std::optional<ike::IkeSaId> Initiations::sa_of(const PathName& path) const {
  const auto at = places_.find(path);
  return at == places_.end() ? std::nullopt : at->second.sa;
}

bool Initiations::in_series(std::string_view peer) const {
  const auto at = first_of(peer);
  return at != places_.end() && at->first.peer == peer && at->second.in_series;
}

void Initiations::ask_for_all(std::string_view peer, Instant now) {
  for (auto at = first_of(peer); at != places_.end() && at->first.peer == peer; ++at) {
    if (at->second.sa) continue;
    at->second.asked = true;
    at->second.not_before = now;
  }
  schedule_all(peer);
}

void Initiations::stop() {
  places_.clear();
  by_sa_.clear();
  due_.clear();
}

Initiations::Places::iterator Initiations::first_of(std::string_view peer) {
  return places_.lower_bound({std::string(peer), {}});
}
Initiations::Places::const_iterator Initiations::first_of(std::string_view peer) const {
  return places_.lower_bound({std::string(peer), {}});
}

bool Initiations::is_busy(std::string_view peer) const {
  for (auto at = first_of(peer); at != places_.end() && at->first.peer == peer; ++at)
    if (at->second.under_way) return true;
  return false;
}

// Whoever is told of it begins it, and says what came of that.
void Initiations::take_up(Place& place, Instant now) {
  place.not_before = now + place.retry;
  place.under_way = place.in_series;
}

void Initiations::schedule(const PathName& name, Place& place) {
  if (place.due) due_.erase({*place.due, name});
  place.due.reset();
  if ((place.start != Start::at_once && !place.asked) || place.sa) return;
  if (place.in_series && is_busy(name.peer)) return;
  place.due = place.not_before;
  due_.emplace(*place.due, name);
}

void Initiations::schedule_all(std::string_view peer) {
  for (auto at = first_of(peer); at != places_.end() && at->first.peer == peer; ++at)
    schedule(at->first, at->second);
}

Initiations::Place* Initiations::place_of(ike::IkeSaId sa) {
  const auto at = by_sa_.find(sa);
  return at == by_sa_.end() ? nullptr : &places_.at(at->second);
}

}  // namespace mpsec::gateway
