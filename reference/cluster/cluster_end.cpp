#include "cluster/cluster_end.hpp"

#include <algorithm>
#include <fmt/format.h>

#include "cluster/flow_hash.hpp"

namespace mpsec::cluster {

using ipsec::ClusterId;
using ipsec::Delivery;

namespace {

std::unexpected<Error> refused(ClusterId id, std::string why) {
  return std::unexpected(Error{.blame = Blame::local_fault,
                               .path = fmt::format("cluster {}", id.value),
                               .offset = std::nullopt,
                               .why = std::move(why),
                               .clause = {}});
}

std::uint64_t flow_of(const Delivery& delivery) noexcept {
  ipsec::PacketSelectors selectors;
  const bool read = ipsec::read_selectors(delivery.packet.view(), ipsec::Direction::inbound, selectors);
  return read ? flow_hash(selectors) : 0;
}

// What leaves a reorder buffer: as it arrived, or what was held.
struct Deliver {
  ipsec::Actions& actions;
  void operator()(const Delivery& arrived, SequenceNumber) const { actions.deliveries.push_back(arrived); }
  void operator()(HeldDelivery&& waited, SequenceNumber number) const {
    ipsec::HeldPacket& packet = actions.held.emplace_back(std::move(waited.packet));
    actions.deliveries.push_back({packet.buffer(), nullptr, number.value});
  }
};

}  // namespace

// --- clusters

Result<SaCluster*> ClusterEnd::found(ClusterParameters parameters, Policy policy) {
  if (auto checked = ClusterParameters::check(parameters); !checked) return std::unexpected(checked.error());
  return take_part(std::make_shared<ClusterCore>(std::move(parameters)), std::move(policy));
}

Result<SaCluster*> ClusterEnd::take_part(std::shared_ptr<ClusterCore> core, Policy policy) {
  const ClusterId id = core->parameters().id;
  if (clusters_.contains(id)) return refused(id, "there is a cluster of that ID already");
  if (policy.reordering) {
    if (!core->parameters().anti_replay)
      return refused(id, "its order cannot be restored: without anti-replay its numbers may come again");
    if (auto checked = ReorderOptions::check(policy.reordering->options); !checked)
      return std::unexpected(checked.error());
  }
  auto made =
      SaCluster::make(std::move(core), {data_path_, provider_, std::move(policy.scheduler), policy.leases,
                                        std::move(policy.window), std::move(policy.sequence)});
  if (!made) return std::unexpected(made.error());
  Held& kept = clusters_[id];
  kept.cluster = *std::move(made);
  if (policy.reordering)
    kept.reordering = std::make_unique<ReorderBuffer<HeldDelivery>>(policy.reordering->options,
                                                                    std::move(policy.reordering->policy));
  // A packet that is lost fills the buffer of RFC 5236 up to its threshold: as large as one that there may
  // be.
  const ReorderOptions options = policy.reordering ? policy.reordering->options : ReorderOptions{};
  if (policy.metrics)
    kept.metrics =
        std::make_unique<ClusterMetrics>(ReorderingOptions{.buffer_threshold = options.limits.packets});
  kept.settings = policy.paths;
  kept.look_every = policy.look_every;
  return kept.cluster.get();
}

bool ClusterEnd::end(ClusterId id, Instant now, Actions& actions) {
  Held* const ended = held(id);
  if (ended == nullptr) return false;
  if (ended->reordering) ended->reordering->flush(now, Deliver{actions.packets});
  std::erase_if(places_, [&](const auto& entry) { return entry.second.held == ended; });
  clusters_.erase(id);
  return true;
}

ClusterEnd::Held* ClusterEnd::held(ClusterId id) {
  const auto found = clusters_.find(id);
  return found == clusters_.end() ? nullptr : &found->second;
}

SaCluster* ClusterEnd::find(ClusterId id) const {
  const auto found = clusters_.find(id);
  return found == clusters_.end() ? nullptr : found->second.cluster.get();
}

const ReorderBuffer<HeldDelivery>* ClusterEnd::reordering(ClusterId id) const {
  const auto found = clusters_.find(id);
  return found == clusters_.end() ? nullptr : found->second.reordering.get();
}

const ClusterMetrics* ClusterEnd::metrics(ClusterId id) const {
  const auto found = clusters_.find(id);
  if (found == clusters_.end() || !found->second.metrics) return nullptr;
  const Held& held = found->second;
  if (const SharedWindow* window = held.cluster->core()->reporting_window()) {
    const auto figures = window->report();
    held.metrics->window({window->size(), figures.late_authentic, figures.size_that_would_have_held});
  }
  return held.metrics.get();
}

std::optional<std::uint32_t> ClusterEnd::path_number(ClusterId id, SubSaId sub_sa) const {
  const auto where = clusters_.find(id);
  if (where == clusters_.end()) return std::nullopt;
  const auto found = where->second.numbers.find(sub_sa);
  if (found == where->second.numbers.end()) return std::nullopt;
  return found->second;
}

// --- sub-SAs

Result<ClusterEnd::Held*> ClusterEnd::known(ClusterId id) {
  Held* const found = held(id);
  if (found == nullptr) return refused(id, "there is no such cluster: found it first");
  return found;
}

Result<ipsec::InboundSa*> ClusterEnd::join(ClusterId id, SubSaId sub_sa, ipsec::InboundParameters parameters,
                                           Instant now, ipsec::SadKeyShape shape) {
  const auto where = known(id);
  if (!where) return std::unexpected(where.error());
  auto joined = (*where)->cluster->join(sub_sa, std::move(parameters), shape);
  if (!joined) return joined;
  const std::uint32_t path = free_number(**where);
  (*where)->numbers[sub_sa] = path;
  places_[*joined] = {*where, sub_sa, path};
  path_of(**where, sub_sa, now);
  tell_reordering(**where);
  return joined;
}

Result<ipsec::OutboundSa*> ClusterEnd::join(ClusterId id, SubSaId sub_sa,
                                            ipsec::OutboundParameters parameters, Instant now,
                                            std::uint32_t weight) {
  const auto where = known(id);
  if (!where) return std::unexpected(where.error());
  auto joined = (*where)->cluster->join(sub_sa, std::move(parameters), weight);
  if (joined) path_of(**where, sub_sa, now);
  return joined;
}

Result<> ClusterEnd::join_elsewhere(ClusterId id, SubSaId sub_sa, Instant now) {
  const auto where = known(id);
  if (!where) return std::unexpected(where.error());
  auto joined = (*where)->cluster->join_elsewhere(sub_sa);
  if (!joined) return joined;
  (*where)->numbers[sub_sa] = free_number(**where);
  path_of(**where, sub_sa, now);
  tell_reordering(**where);
  return joined;
}

bool ClusterEnd::leave_outbound(ClusterId id, SubSaId sub_sa) {
  Held* const where = held(id);
  if (where == nullptr || !where->cluster->leave_outbound(sub_sa)) return false;
  forget_path_if_left(*where, sub_sa);
  return true;
}

bool ClusterEnd::leave(ClusterId id, SubSaId sub_sa) {
  Held* const where = held(id);
  if (where == nullptr) return false;
  const ipsec::InboundSa* const inbound = where->cluster->inbound(sub_sa);
  if (!where->cluster->leave(sub_sa)) return false;
  if (inbound != nullptr) places_.erase(inbound);
  where->numbers.erase(sub_sa);
  forget_path_if_left(*where, sub_sa);
  tell_reordering(*where);
  return true;
}

// --- paths

PathState& ClusterEnd::path_of(Held& held, SubSaId sub_sa, Instant now) {
  return held.paths.try_emplace(sub_sa, now, held.settings).first->second;
}

void ClusterEnd::forget_path_if_left(Held& held, SubSaId sub_sa) {
  if (!held.cluster->has(sub_sa)) held.paths.erase(sub_sa);
}

std::uint32_t ClusterEnd::free_number(const Held& held) {
  std::vector<std::uint32_t> taken;
  for (const auto& [_, number] : held.numbers)
    taken.push_back(number);
  std::ranges::sort(taken);
  std::uint32_t free = 0;
  while (free < taken.size() && taken[free] == free)
    ++free;
  return free;
}

// A sub-SA is a path of its own for the order of packets. Packets of one that has left may be held still, but
// no more can come.
void ClusterEnd::tell_reordering(Held& held) {
  if (!held.reordering) return;
  std::vector<std::uint32_t> live;
  for (const auto& [_, number] : held.numbers)
    live.push_back(number);
  std::ranges::sort(live);
  static_cast<void>(
      held.reordering->on_paths(live));  // refused: the rule that needs it then finds nothing lost
}

// The schedule follows what is known of a path.
template <class Report>
void ClusterEnd::change(Held& held, SubSaId sub_sa, PathState& path, Actions& actions, Report what) {
  const PathCondition before = path.condition();
  if (!what(path)) return;
  const PathKnowledge known{.alive = path.condition() != PathCondition::dead,
                            .round_trip = path.round_trip().smoothed(),
                            .loss = path.loss()};
  held.cluster->note_path(sub_sa, known);
  if (tell_path_) tell_path_(held.cluster->parameters().id, sub_sa, known);
  if (path.condition() != before)
    actions.events.emplace_back(PathChanged{held.cluster->parameters().id, sub_sa, before, path.condition()});
}

template <class Report>
void ClusterEnd::report(ClusterId id, SubSaId sub_sa, Actions& actions, Report what) {
  Held* const where = held(id);
  if (where == nullptr) return;
  const auto found = where->paths.find(sub_sa);
  if (found == where->paths.end()) return;
  // The averages have changed, whatever the condition has done.
  change(*where, sub_sa, found->second, actions, [&](PathState& path) { return what(path), true; });
}

void ClusterEnd::on_answer(ClusterId id, SubSaId sub_sa, Instant now, std::optional<Duration> round_trip,
                           Actions& actions) {
  report(id, sub_sa, actions, [&](PathState& path) { return path.on_answer(now, round_trip); });
}

void ClusterEnd::on_unanswered(ClusterId id, SubSaId sub_sa, Actions& actions) {
  report(id, sub_sa, actions, [](PathState& path) { return path.on_unanswered(); });
}

void ClusterEnd::on_give_up(ClusterId id, SubSaId sub_sa, Actions& actions) {
  report(id, sub_sa, actions, [](PathState& path) { return path.on_give_up(); });
}

const PathState* ClusterEnd::path(ClusterId id, SubSaId sub_sa) const {
  const auto where = clusters_.find(id);
  if (where == clusters_.end()) return nullptr;
  const auto found = where->second.paths.find(sub_sa);
  return found == where->second.paths.end() ? nullptr : &found->second;
}

// --- packets

void ClusterEnd::send(std::span<ipsec::Outgoing> packets, Instant now, std::span<ipsec::Fate> fates,
                      Actions& actions) {
  data_path_.send(packets, now, fates, actions.packets);
  look_after(now, actions);
}

void ClusterEnd::receive(std::span<ipsec::PacketBuffer> packets, Instant now, Actions& actions) {
  const std::size_t before = actions.packets.deliveries.size();
  const std::size_t settled_before = actions.packets.settled.size();
  data_path_.receive(packets, now, actions.packets);
  auto& deliveries = actions.packets.deliveries;
  arrived_.assign(deliveries.begin() + static_cast<std::ptrdiff_t>(before), deliveries.end());
  deliveries.resize(before);
  order(now, actions);
  for (std::size_t i = settled_before; i < actions.packets.settled.size(); ++i)
    settle(actions.packets.settled[i], now, actions);
  look_after(now, actions);
}

// Nothing is delivered of that number, and nobody has to wait for it.
void ClusterEnd::settle(const ipsec::Settled& settled, Instant now, Actions& actions) {
  const auto place = places_.find(settled.sa);
  if (place == places_.end()) return;
  const auto& [held, sub_sa, path] = place->second;
  const SequenceNumber number(settled.number);
  if (held->metrics) held->metrics->arrival(path, number, now, 0);
  if (held->reordering) held->reordering->resolve(number, path, now, Deliver{actions.packets});
}

// Packets in a row that came by one SA are looked up as one.
//= profile/7/optional
//= profile/7/only-accepted-packets
//= draft-zhang/3.3/order-is-restored-by-number
void ClusterEnd::order(Instant now, Actions& actions) {
  const ipsec::InboundSa* sa = nullptr;
  const Place* place = nullptr;
  for (const Delivery& delivery : arrived_) {
    if (delivery.sa != sa || place == nullptr) {
      sa = delivery.sa;
      const auto found = sa == nullptr ? places_.end() : places_.find(sa);
      place = found == places_.end() ? nullptr : &found->second;
      if (place != nullptr) {
        PathState& path = path_of(*place->held, place->sub_sa, now);
        change(*place->held, place->sub_sa, path, actions,
               [now](PathState& state) { return state.on_traffic(now); });
      }
    }
    if (place != nullptr && place->held->metrics)
      place->held->metrics->arrival(place->path, SequenceNumber(delivery.number), now,
                                    delivery.packet.size());
    if (place == nullptr || !place->held->reordering)
      actions.packets.deliveries.push_back(delivery);
    else
      put_in_order(delivery, *place, now, actions);
  }
}

void ClusterEnd::put_in_order(const Delivery& delivery, const Place& place, Instant now, Actions& actions) {
  place.held->reordering->arrive<const Delivery>(
      SequenceNumber(delivery.number), place.path, flow_of(delivery), delivery.packet.size(),
      static_cast<const Delivery&&>(delivery), now, Deliver{actions.packets});
}

// --- what other workers' parts have received

void ClusterEnd::on_traffic(ClusterId id, SubSaId sub_sa, Instant now, Actions& actions) {
  Held* const where = held(id);
  if (where == nullptr) return;
  if (const auto path = where->paths.find(sub_sa); path != where->paths.end())
    change(*where, sub_sa, path->second, actions, [now](PathState& state) { return state.on_traffic(now); });
}

void ClusterEnd::arrived(ClusterId id, SubSaId sub_sa, SequenceNumber number, std::uint32_t octets,
                         const ipsec::PacketBuffer& packet, Instant now, Actions& actions) {
  Held* const where = held(id);
  const auto path = where == nullptr ? std::nullopt : path_number(id, sub_sa);
  const Delivery delivery{packet, nullptr, number.value};
  if (path && where->metrics) where->metrics->arrival(*path, number, now, octets);
  if (path && where->reordering && packet.empty())
    where->reordering->resolve(number, *path, now, Deliver{actions.packets});
  else if (path && where->reordering)
    put_in_order(delivery, {where, sub_sa, *path}, now, actions);
  else if (!packet.empty())  // its path has left since, or the whole cluster
    actions.packets.deliveries.push_back(delivery);
}

// --- time

std::optional<Instant> ClusterEnd::next_deadline() const {
  std::optional<Instant> next = data_path_.next_deadline();
  auto consider = [&](std::optional<Instant> at) {
    if (at && (!next || *at < *next)) next = at;
  };
  for (const auto& [_, kept] : clusters_) {
    if (kept.reordering) consider(kept.reordering->next_deadline());
    for (const auto& [id, path] : kept.paths)
      consider(path.deadline());
  }
  return next;
}

void ClusterEnd::on_time(Instant now, Actions& actions) {
  data_path_.on_time(now, actions.packets);
  for (auto& [_, kept] : clusters_) {
    if (kept.reordering) kept.reordering->on_time(now, Deliver{actions.packets});
    for (auto& [sub_sa, path] : kept.paths)
      change(kept, sub_sa, path, actions, [now](PathState& state) { return state.on_time(now); });
    kept.look_at = now;
  }
  look_after(now, actions);
}

// Whenever the data path has said something of its SAs, and now and then.
void ClusterEnd::look_after(Instant now, Actions& actions) {
  const bool told = std::ranges::any_of(actions.packets.events, [](const ipsec::Event& event) {
    return !std::holds_alternative<ipsec::Audit>(event) && !std::holds_alternative<ipsec::Acquire>(event);
  });
  for (auto& [_, kept] : clusters_) {
    if (!told && now < kept.look_at) continue;
    kept.look_at = now + kept.look_every;
    kept.cluster->look_after(now, actions.events);
  }
}

}  // namespace mpsec::cluster
