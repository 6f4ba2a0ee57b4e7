#include "sim/nat.hpp"

namespace mpsec::sim {

std::optional<Endpoint> Nat::part(const Endpoint& remote, Dependence dependence) {
  switch (dependence) {
    case Dependence::endpoint_independent:
      return std::nullopt;
    case Dependence::address_dependent:
      return Endpoint{remote.address, 0};
    case Dependence::address_and_port_dependent:
      return remote;
  }
  return std::nullopt;
}

std::optional<Drop> Nat::outwards(Packet& packet, Instant now) {
  if (!packet.is_udp() || packet.source().version() != outer_.version()) return Drop::not_translatable;
  forget_old(now);
  const Endpoint remote = packet.udp_destination();
  auto port = port_for({packet.udp_source(), part(remote, profile_.mapping)});
  if (!port) return Drop::no_port_left;
  Mapping& mapping = by_port_.at(*port);
  mapping.used = now;
  if (const auto filter = part(remote, profile_.filtering)) mapping.contacted.insert(*filter);
  packet.set_udp_source({outer_, *port});
  return std::nullopt;
}

std::optional<Drop> Nat::inwards(Packet& packet, Instant now) {
  if (!packet.is_udp() || packet.source().version() != outer_.version()) return Drop::not_translatable;
  forget_old(now);
  const auto found = by_port_.find(packet.udp_destination().port);
  if (found == by_port_.end()) return Drop::no_mapping;
  Mapping& mapping = found->second;
  const auto filter = part(packet.udp_source(), profile_.filtering);
  if (filter && !mapping.fixed && !mapping.contacted.contains(*filter)) return Drop::filtered;
  if (profile_.inbound_refreshes) mapping.used = now;
  packet.set_udp_destination(mapping.key.inside);
  return std::nullopt;
}

std::optional<std::uint16_t> Nat::port_for(const Key& key) {
  if (const auto known = by_key_.find(key); known != by_key_.end()) return known->second;
  // A fixed mapping serves every remote end, whatever the others depend on.
  if (const auto fixed = by_key_.find({key.inside, std::nullopt}); fixed != by_key_.end())
    if (by_port_.at(fixed->second).fixed) return fixed->second;
  const auto port = choose_port(key.inside.port);
  if (!port) return std::nullopt;
  by_port_.emplace(*port, Mapping{.key = key, .used = {}, .contacted = {}});
  by_key_.emplace(key, *port);
  return port;
}

std::optional<std::uint16_t> Nat::choose_port(std::uint16_t wanted) {
  if (profile_.preserve_ports && !by_port_.contains(wanted)) return wanted;
  const std::uint32_t ports = std::uint32_t{profile_.last_port} - profile_.first_port + 1;
  const auto start = static_cast<std::uint32_t>(rng_.below(ports));
  for (std::uint32_t i = 0; i < ports; ++i) {
    const auto port = static_cast<std::uint16_t>(profile_.first_port + (start + i) % ports);
    if (!by_port_.contains(port) && (profile_.preserve_ports || port != wanted)) return port;
  }
  return std::nullopt;
}

void Nat::map(const Endpoint& inside, std::uint16_t outer_port) {
  forget(outer_port);
  const Key key{inside, std::nullopt};
  if (const auto known = by_key_.find(key); known != by_key_.end()) forget(known->second);
  by_port_.emplace(outer_port, Mapping{.key = key, .used = {}, .fixed = true, .contacted = {}});
  by_key_.emplace(key, outer_port);
}

void Nat::reboot() {
  std::erase_if(by_port_, [](const auto& entry) { return !entry.second.fixed; });
  std::erase_if(by_key_, [this](const auto& entry) { return !by_port_.contains(entry.second); });
}

void Nat::forget_old(Instant now) {
  const auto old = [&](const auto& entry) {
    return !entry.second.fixed && entry.second.used + profile_.timeout <= now;
  };
  if (std::erase_if(by_port_, old) == 0) return;
  std::erase_if(by_key_, [this](const auto& entry) { return !by_port_.contains(entry.second); });
}

void Nat::forget(std::uint16_t port) {
  const auto found = by_port_.find(port);
  if (found == by_port_.end()) return;
  by_key_.erase(found->second.key);
  by_port_.erase(found);
}

std::optional<Endpoint> Nat::mapped(const Endpoint& inside) const {
  const auto found = by_key_.find({inside, std::nullopt});
  if (found == by_key_.end()) return std::nullopt;
  return Endpoint{outer_, found->second};
}

}  // namespace mpsec::sim
