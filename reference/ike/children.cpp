#include "ike/children.hpp"

#include <algorithm>

#include "ike/lifetimes.hpp"

namespace mpsec::ike {

ChildSa& Children::install(Made made, const Path& path, bool nat, Turn& turn) {
  const ChildId id = host_->new_child_id();
  ChildSa& child = *children_.emplace(id, std::make_unique<ChildSa>()).first->second;
  child.id = id;
  child.configuration = made.configuration;
  child.agreement = std::move(made.agreement);
  child.inbound = std::move(made.inbound);
  child.nonces = std::move(made.nonces);
  child.made_by_us = made.made_by_us;
  child.replaces = made.replaces;
  child.cluster = made.cluster;
  const SaLifetime& lifetime = child.configuration->lifetime;
  child.rekey_at = rekey_time(lifetime, turn);
  child.end_at = turn.now + lifetime.end_after;

  ChildHalves halves = make_halves(child, std::move(made.keys), made.made_by_us, path, nat);
  halves.inbound.lifetime.hard.until = halves.outbound.lifetime.hard.until = *child.end_at;
  host_->note_child(child, owner_);
  if (KeyLog* log = host_->seams().key_log) log->child_sa(halves.inbound, halves.outbound);
  const ipsec::PolicyId policy = child.configuration->policy;
  turn.actions.sad.push_back(
      InstallInbound{id, policy, std::move(halves.inbound), child.cluster, child.replaces});
  child.waiting_outbound = std::make_unique<ipsec::OutboundParameters>(std::move(halves.outbound));
  if (made.send_now) start_sending(child, turn);
  static_cast<void>(become(child, ChildEvent::created, turn));
  return child;
}

void Children::start_sending(ChildSa& child, Turn& turn) {
  if (child.waiting_outbound == nullptr) return;
  turn.actions.sad.push_back(InstallOutbound{child.id, child.configuration->policy,
                                             std::move(*child.waiting_outbound), child.cluster});
  child.waiting_outbound.reset();
  child.sends = true;
}

void Children::stop_sending(ChildSa& child, Turn& turn) {
  child.waiting_outbound.reset();
  start_heirs_of(child.id, turn);
  if (std::exchange(child.sends, false))
    turn.actions.sad.push_back(RemoveOutbound{child.id, child.agreement.protocol, child.agreement.outbound});
}

void Children::start_heirs_of(ChildId id, Turn& turn) {
  for (const auto& [heir_id, heir] : children_)
    if (heir->replaces == id) start_sending(*heir, turn);
}

Result<> Children::become(ChildSa& child, ChildEvent event, Turn& turn) {
  const auto next = child_transitions.next(child.state, event);
  if (!next) return std::unexpected(next.error());
  const ChildState from = std::exchange(child.state, *next);
  if (from != child.state) report(child, from, event, turn);
  if (child.state != ChildState::closed) return {};
  const ChildAgreement& agreement = child.agreement;
  turn.actions.sad.push_back(
      RemoveChild{child.id, agreement.protocol, agreement.inbound, agreement.outbound});
  if (child.cluster) host_->clusters().leave(child.cluster->id, child.id, turn);
  const ChildId gone = child.id;
  host_->forget_child(gone);
  children_.erase(gone);
  start_heirs_of(gone, turn);
  return {};
}

void Children::report(const ChildSa& child, ChildState from, ChildEvent event, Turn& turn) const {
  const ChildAgreement& agreement = child.agreement;
  turn.tell(ChildStateChanged{owner_, child.id, agreement.protocol, agreement.inbound, agreement.outbound,
                              from, child.state, event});
}

void Children::lose_all(Turn& turn) {
  while (!children_.empty())
    static_cast<void>(become(*children_.begin()->second, ChildEvent::lost, turn));
}

void Children::move_to(Children& heir) {
  for (const auto& [id, child] : children_)
    host_->note_child(*child, heir.owner_);
  heir.children_.merge(children_);
}

void Children::move(const Path& path, Turn& turn) {
  for (const auto& [id, child] : children_) {
    const ChildAgreement& agreement = child->agreement;
    turn.actions.sad.push_back(
        MoveChild{id, agreement.protocol, agreement.inbound, agreement.outbound, path.local, path.remote});
    if (child->waiting_outbound != nullptr) {
      child->waiting_outbound->source = path.local.address;
      child->waiting_outbound->destination = path.remote.address;
      if (auto& udp = child->waiting_outbound->udp) {
        udp->source_port = path.local.port;
        udp->destination_port = path.remote.port;
      }
    }
  }
}

ChildSa* Children::find(ChildId id) {
  const auto found = children_.find(id);
  return found == children_.end() ? nullptr : found->second.get();
}

ChildSa* Children::find_outbound(ipsec::Protocol protocol, Spi spi) {
  for (const auto& [id, child] : children_)
    if (child->agreement.protocol == protocol && child->agreement.outbound == spi) return child.get();
  return nullptr;
}

std::optional<Instant> Children::next_deadline() const {
  std::optional<Instant> first;
  for (const auto& [id, child] : children_)
    for (const auto& deadline : {child->rekey_at, child->end_at})
      first = earlier(first, deadline);
  return first;
}

std::vector<ChildId> Children::due_for_rekey(Instant now) {
  std::vector<ChildId> due;
  for (const auto& [id, child] : children_) {
    if (!child->rekey_at || *child->rekey_at > now) continue;
    child->rekey_at.reset();
    if (child->state == ChildState::installed) due.push_back(id);
  }
  return due;
}

std::vector<ChildId> Children::due_to_end(Instant now) {
  std::vector<ChildId> due;
  for (const auto& [id, child] : children_) {
    if (!child->end_at || *child->end_at > now) continue;
    child->end_at.reset();
    due.push_back(id);
  }
  return due;
}

}  // namespace mpsec::ike
