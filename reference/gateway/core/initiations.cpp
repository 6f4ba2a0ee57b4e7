#include "gateway/core/initiations.hpp"

#include <algorithm>

namespace mpsec::gateway {

void Initiations::configure(const Settings& settings, Instant now) {
  std::map<PathName, Place> wanted;
  for (const auto& [name, peer] : settings.peers)
    for (const PathSettings& path : peer.paths) {
      const auto there = places_.find({name, path.name});
      Place place = there == places_.end() ? Place{.start = {}, .retry = {}, .sa = {}, .not_before = now}
                                           : there->second;
      place.start = peer.start;
      place.retry = peer.retry;
      wanted.emplace(PathName{name, path.name}, place);
    }
  places_ = std::move(wanted);
}

std::vector<Initiations::PathName> Initiations::due(Instant now) {
  std::vector<PathName> all;
  for (auto& [name, place] : places_) {
    if (place.start != Start::at_once || place.sa || now < place.not_before) continue;
    place.not_before = now + place.retry;
    all.push_back(name);
  }
  return all;
}

std::optional<Instant> Initiations::next_deadline() const {
  std::optional<Instant> first;
  for (const auto& [_, place] : places_)
    if (place.start == Start::at_once && !place.sa && (!first || place.not_before < *first))
      first = place.not_before;
  return first;
}

void Initiations::began(const PathName& path, std::optional<ike::IkeSaId> sa, Instant now) {
  const auto at = places_.find(path);
  if (at == places_.end()) return;
  at->second.sa = sa;
  at->second.not_before = now + at->second.retry;
}

void Initiations::replaced(ike::IkeSaId old_sa, ike::IkeSaId new_sa) {
  for (auto& [_, place] : places_)
    if (place.sa == old_sa) place.sa = new_sa;
}

void Initiations::gone(ike::IkeSaId sa, Instant now) {
  for (auto& [_, place] : places_) {
    if (place.sa != sa) continue;
    place.sa.reset();
    place.not_before = now + place.retry;
  }
}

std::optional<Initiations::PathName> Initiations::wanted(std::string_view peer, Instant now) {
  for (auto& [name, place] : places_) {
    if (name.peer != peer || place.start == Start::none || place.sa || now < place.not_before) continue;
    place.not_before = now + place.retry;
    return name;
  }
  return std::nullopt;
}

std::optional<ike::IkeSaId> Initiations::sa_of(const PathName& path) const {
  const auto at = places_.find(path);
  return at == places_.end() ? std::nullopt : at->second.sa;
}

}  // namespace mpsec::gateway
