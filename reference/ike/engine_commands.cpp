// What the engine is asked for, and what it tells of itself.
#include <algorithm>

#include "ike/child_exchange.hpp"
#include "ike/engine.hpp"
#include "ike/informational.hpp"
#include "ike/rekey_exchange.hpp"

namespace mpsec::ike {
namespace {

Error unknown(std::string_view kind, std::string_view name) {
  return {Blame::local_fault, std::string(kind), std::nullopt, fmt::format("there is no '{}'", name), ""};
}

// An ordinary SA stands where the cluster was to be: a second one would not share its numbers.
bool has_child(const IkeSa& sa, const ChildConfiguration& configuration) {
  return std::ranges::any_of(sa.children(),
                             [&](const auto& one) { return one.second->configuration == &configuration; });
}
Error no_clusters(const ChildConfiguration& child) {
  return {Blame::no_common_ground, fmt::format("child '{}'/cluster", child.name), std::nullopt,
          "the peer makes none of it, and its one SA is there", ""};
}

// The cluster that the first child would have to join, where that has no room.
const Cluster* full_cluster(const Clusters& clusters, const PeerConfiguration& peer,
                            const ipsec::PacketSelectors* packet) {
  if (peer.childless || peer.children.empty()) return nullptr;
  const auto name = cluster_name(*first_wish(peer, packet).configuration, peer, peer.remote_id);
  const Cluster* cluster = name ? clusters.find_open(*name) : nullptr;
  return cluster != nullptr && cluster->is_full() ? cluster : nullptr;
}
Error takes_no_more(const Cluster& cluster) {
  return {Blame::local_fault, fmt::format("cluster '{}'", cluster.terms.name.name), std::nullopt,
          fmt::format("it has {} sub-SAs, as many as both ends take", cluster.terms.most_sub_sas), ""};
}

}  // namespace

template <class Act>
Result<> Engine::with(IkeSaId id, Instant now, Actions& actions, Act act) {
  IkeSa* sa = find(id);
  if (sa == nullptr) return std::unexpected(unknown("IKE SA", std::to_string(id.value)));
  Turn turn{now, seams_.rng, actions};
  touched_.insert(id);
  auto result = act(*sa, turn);
  settle_all(actions);
  return result;
}

template <class Act>
Result<> Engine::with_established(IkeSaId id, Instant now, Actions& actions, Act act) {
  return with(id, now, actions, [&](IkeSa& sa, Turn& turn) -> Result<> {
    // One that is being rekeyed keeps the command for its successor.
    if (sa.state() == IkeState::established || sa.state() == IkeState::rekeying) return act(sa, turn);
    return std::unexpected(Error{Blame::local_fault, "IKE SA", std::nullopt,
                                 fmt::format("IKE SA {} is {}", id.value, to_string(sa.state())), ""});
  });
}

Result<> Engine::with_child(ChildId id, Instant now, Actions& actions, auto act) {
  const FoundChild found = find_child(id);
  if (found.child == nullptr) return std::unexpected(unknown("Child SA", std::to_string(id.value)));
  return with_established(found.sa->id(), now, actions,
                          [&](IkeSa& sa, Turn& turn) { return act(sa, *found.child, turn); });
}

Result<IkeSaId> Engine::initiate(std::string_view name, const Path& path, Instant now, Actions& actions,
                                 const ipsec::PacketSelectors* packet) {
  const auto known = peers_.find(name);
  if (known == peers_.end()) return std::unexpected(unknown("peer", name));
  const PeerConfiguration* const peer = known->second;
  if (const Cluster* full = full_cluster(clusters_, *peer, packet))
    return std::unexpected(takes_no_more(*full));
  Turn turn{now, seams_.rng, actions};
  const IkeSpis spis{new_ike_spi(turn), IkeSpi{0}};
  IkeSa& sa = adopt(
      std::make_unique<IkeSa>(IkeSa::Identity{new_ike_sa_id(), Role::initiator, spis, path}, peer, *this));
  const IkeSaId id = sa.id();
  sa.initiate(packet, turn);
  settle_all(actions);
  return id;
}

Result<> Engine::create_child(IkeSaId id, std::string_view name, Instant now, Actions& actions,
                              const ipsec::PacketSelectors* packet) {
  return with_established(id, now, actions, [&](IkeSa& sa, Turn& turn) -> Result<> {
    const auto& children = sa.peer().children;
    const auto child = std::ranges::find(children, name, &ChildConfiguration::name);
    if (child == children.end()) return std::unexpected(unknown("child configuration", name));
    if (child->cluster && sa.cluster_declined() && has_child(sa, *child))
      return std::unexpected(no_clusters(*child));
    ChildWish wish{.configuration = &*child};
    if (packet != nullptr) wish.packet = *packet;
    sa.begin(std::make_unique<CreateChild>(std::move(wish)), turn);
    return {};
  });
}

Result<> Engine::rekey_child(ChildId id, Instant now, Actions& actions) {
  return with_child(id, now, actions, [](IkeSa& sa, ChildSa& child, Turn& turn) -> Result<> {
    child.rekey_at.reset();
    sa.begin(std::make_unique<RekeyChild>(child.id), turn);
    return {};
  });
}

Result<> Engine::delete_child(ChildId id, Instant now, Actions& actions) {
  return with_child(id, now, actions, [](IkeSa& sa, ChildSa& child, Turn& turn) -> Result<> {
    sa.begin(std::make_unique<DeleteChildren>(std::vector{child.id}), turn);
    return {};
  });
}

Result<> Engine::rekey_ike(IkeSaId id, Instant now, Actions& actions) {
  return with_established(id, now, actions, [](IkeSa& sa, Turn& turn) -> Result<> {
    sa.begin(std::make_unique<RekeyIkeSa>(), turn);
    return {};
  });
}

Result<> Engine::close(IkeSaId id, Instant now, Actions& actions) {
  return with(id, now, actions, [](IkeSa& sa, Turn& turn) -> Result<> {
    sa.close(turn);
    return {};
  });
}

Result<> Engine::check_liveness(IkeSaId id, Instant now, Actions& actions) {
  return with_established(id, now, actions, [](IkeSa& sa, Turn& turn) -> Result<> {
    sa.begin(std::make_unique<LivenessCheck>(), turn);
    return {};
  });
}

namespace {

ChildStatus status_of(const ChildSa& child) {
  const ChildAgreement& agreement = child.agreement;
  return {child.id,
          child.configuration->name,
          child.state,
          agreement.protocol,
          agreement.mode,
          agreement.inbound,
          agreement.outbound,
          agreement.selectors,
          child.cluster ? std::optional(child.cluster->id) : std::nullopt};
}

IkeStatus status_of(const IkeSa& sa) {
  IkeStatus status{sa.id(),
                   sa.peer().name,
                   sa.role(),
                   sa.state(),
                   sa.spis(),
                   sa.path(),
                   sa.remote_id(),
                   sa.suite().prf == nullptr ? std::string() : to_string(sa.suite()),
                   sa.nat_state().we_are_behind,
                   sa.nat_state().peer_is_behind,
                   {}};
  for (const auto& [id, child] : sa.children())
    status.children.push_back(status_of(*child));
  return status;
}

}  // namespace

std::optional<IkeSaId> Engine::established_with(std::string_view peer) const {
  const std::string name(peer);
  const auto first = by_peer_.lower_bound({name, IkeSaId{0}});
  if (first == by_peer_.end() || first->first != name) return std::nullopt;
  return first->second;
}

std::vector<IkeStatus> Engine::status() const {
  std::vector<IkeStatus> all;
  for (const auto& [id, held] : sas_)
    if (held.sa->state() != IkeState::closed) all.push_back(status_of(*held.sa));
  return all;
}

}  // namespace mpsec::ike
