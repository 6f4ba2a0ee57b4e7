// What the engine and the data path say to each other through the core, and to the world.
#include <algorithm>
#include <fmt/format.h>

#include "gateway/core/parts.hpp"

namespace mpsec::gateway {
namespace {

// How often IKE is told that an SA carries traffic.
constexpr Duration traffic_interval = std::chrono::seconds(1);

}  // namespace

void Core::settle(Instant now, Output& output) {
  take_packets(now, output);
  while (!ike_actions_.is_empty()) {
    take_ike(std::exchange(ike_actions_, {}), now, output);
    take_packets(now, output);
  }
}

// --- from IKE

void Core::take_ike(ike::Actions taken, Instant now, Output& output) {
  // First what is said of paths: the SAs that it is about may be gone afterwards.
  for (const ike::PathReport& report : taken.paths)
    take_path(report, now, output);
  std::vector<ipsec::PolicyId> served;
  for (ike::SadChange& change : taken.sad) {
    if (const auto* outbound = std::get_if<ike::InstallOutbound>(&change)) served.push_back(outbound->policy);
    const ike::ChildId child = std::visit([](const auto& one) { return one.child; }, change);
    auto applied = parts_->sas.apply(std::move(change), now, output.storage);
    if (applied) continue;
    ++counters_.faults;
    output.reports.emplace_back(Fault{std::move(applied).error()});
    // The peer shall not send on what we do not have.
    static_cast<void>(engine_->delete_child(child, now, ike_actions_));
  }
  for (const ipsec::PolicyId policy : served)
    release_waiting(policy, now, output);
  std::ranges::move(taken.datagrams, std::back_inserter(output.ike));
  for (ike::Event& event : taken.events) {
    take_ike_event(event, now, output);
    output.reports.emplace_back(std::move(event));
  }
}

void Core::take_path(const ike::PathReport& report, Instant now, Output& output) {
  cluster::ClusterEnd& ends = parts_->ends;
  for (const auto& [_, child] : report.sub_sas) {
    const SaTable::Child* const known = parts_->sas.find(child);
    if (known == nullptr || !known->place) continue;
    const auto& [cluster, sub_sa] = *known->place;
    switch (report.kind) {
      case ike::PathReport::Kind::answered:
        ends.on_answer(cluster, sub_sa, now, report.round_trip, output.storage);
        break;
      case ike::PathReport::Kind::unanswered:
        ends.on_unanswered(cluster, sub_sa, output.storage);
        break;
      case ike::PathReport::Kind::given_up:
        ends.on_give_up(cluster, sub_sa, output.storage);
        break;
    }
  }
}

void Core::take_ike_event(const ike::Event& event, Instant now, Output& output) {
  if (const auto* rekeyed = std::get_if<ike::IkeRekeyed>(&event)) {
    initiations_.replaced(rekeyed->old_sa, rekeyed->new_sa);
    if (auto held = assigned_.extract(rekeyed->old_sa); !held.empty()) {
      held.key() = rekeyed->new_sa;
      assigned_.insert(std::move(held));
    }
  } else if (const auto* changed = std::get_if<ike::IkeStateChanged>(&event)) {
    if (changed->to == ike::IkeState::established) {
      initiations_.established(changed->sa);
      begin_due(now, output);
    }
    if (changed->to != ike::IkeState::closed) return;
    initiations_.gone(changed->sa, now);
    lose_addresses(changed->sa, output);
  } else if (const auto* given = std::get_if<ike::ConfigurationAssigned>(&event)) {
    lose_addresses(given->sa, output);
    assigned_[given->sa] = given->assigned.addresses;
    for (const IpAddress& address : given->assigned.addresses)
      output.addresses.push_back({address, true});
  }
}

void Core::lose_addresses(ike::IkeSaId sa, Output& output) {
  const auto held = assigned_.extract(sa);
  if (held.empty()) return;
  for (const IpAddress& address : held.mapped())
    output.addresses.push_back({address, false});
}

// --- from the data path

void Core::take_packets(Instant now, Output& output) {
  ipsec::Actions& packets = output.storage.packets;
  take_deliveries(now, output);
  for (const ipsec::PacketBuffer& packet : std::exchange(packets.ike, {})) {
    const auto path = udp_path(packet.view());
    if (!path) continue;
    const OctetView payload = udp_payload(packet.view());
    engine_->receive({path->local, path->remote, {payload.begin(), payload.end()}}, now, ike_actions_);
  }
  for (ipsec::Emission& emission : packets.emissions) {
    const bool outside = emission.side == ipsec::Emission::Side::unprotected;
    auto& side = outside ? output.outside : output.to_sources;
    side.push_back(emission.packet.buffer());
    packets.held.push_back(std::move(emission.packet));
  }
  packets.emissions.clear();
  for (const ipsec::Event& event : std::exchange(packets.events, {})) {
    take_data_event(event, now, output);
    output.reports.emplace_back(event);
  }
  for (const cluster::ClusterEvent& event : std::exchange(output.storage.events, {})) {
    take_cluster_event(event, now, output);
    output.reports.emplace_back(event);
  }
  packets.settled.clear();
}

void Core::take_deliveries(Instant now, Output& output) {
  auto& deliveries = output.storage.packets.deliveries;
  counters_.delivered += deliveries.size();
  for (const ipsec::Delivery& delivery : deliveries)
    output.inside.push_back(delivery.packet);
  // Of each SA the last that came; SAs come in runs.
  const ipsec::InboundSa* told = nullptr;
  for (auto at = deliveries.rbegin(); at != deliveries.rend(); ++at) {
    if (at->sa == nullptr || at->sa == told) continue;
    told = at->sa;
    SaTable::Child* const child = parts_->sas.find(at->sa);
    if (child == nullptr) continue;
    const ipsec::InboundParameters& parameters = at->sa->parameters();
    tell_traffic(*child,
                 {.protocol = parameters.protocol,
                  .spi = parameters.spi,
                  .udp = parameters.udp ? parts_->origins.of(at->packet) : std::nullopt,
                  .newest = at->number == at->sa->window().top()},
                 now);
  }
  deliveries.clear();
}

void Core::tell_traffic(SaTable::Child& child, const News::Traffic& traffic, Instant now) {
  const bool moved = traffic.udp && child.outbound != nullptr && child.outbound->parameters().udp &&
                     (traffic.udp->remote.address != child.outbound->parameters().destination ||
                      traffic.udp->remote.port != child.outbound->parameters().udp->destination_port);
  if (child.heard && !moved && now < child.told + traffic_interval) return;
  child.heard = true;
  child.told = now;
  engine_->on_traffic(
      {.protocol = traffic.protocol, .inbound = traffic.spi, .udp = traffic.udp, .newest = traffic.newest},
      now, ike_actions_);
}

void Core::take_data_event(const ipsec::Event& event, Instant now, Output& output) {
  if (const auto* wanted = std::get_if<ipsec::Acquire>(&event)) acquire(*wanted, now, output);
  if (const auto* limit = std::get_if<ipsec::LifetimeReached>(&event)) tell_limit(*limit, now);
  if (const auto* end = std::get_if<ipsec::SequenceExhausted>(&event)) {
    for (const SaTable::Child* child : parts_->sas.find(end->spi, true))
      if (parts_->sas.exhausted(*child)) engine_->on_lifetime(child->id, true, now, ike_actions_);
  }
  if (const auto* path = std::get_if<ipsec::PathMtuChanged>(&event))
    for (const SaTable::Child* child : parts_->sas.find(path->spi, true))
      parts_->sas.spread_path_mtu(*child);
  if (const auto* lost = std::get_if<ipsec::ResynchronisationWanted>(&event)) lost->sa->resynchronise();
  if (const auto* audit = std::get_if<ipsec::Audit>(&event)) {
    if (audit->outbound || audit->cause != ipsec::Discard::unknown_spi) return;
    engine_->on_stray_packet({{{audit->destination, 0}, {audit->source, 0}}, audit->spi}, now, ike_actions_);
  }
}

void Core::tell_limit(const ipsec::LifetimeReached& limit, Instant now) {
  for (const SaTable::Child* child : parts_->sas.find(limit.spi, limit.outbound)) {
    if (parts_->sas.limit_reached(*child, limit.outbound, limit.hard))
      engine_->on_lifetime(child->id, limit.hard, now, ike_actions_);
  }
}

void Core::take_cluster_event(const cluster::ClusterEvent& event, Instant now, Output& output) {
  if (const auto* changed = std::get_if<cluster::PathChanged>(&event)) {
    if (changed->to != cluster::PathCondition::suspect) return;
    const auto child = parts_->sas.at(changed->cluster, changed->sub_sa);
    if (const auto sa = child ? engine_->owner_of(*child) : std::nullopt)
      static_cast<void>(engine_->check_liveness(*sa, now, ike_actions_));
  } else if (const auto* end = std::get_if<cluster::SequenceRunsOut>(&event)) {
    if (const auto negotiated = parts_->sas.negotiated(end->cluster))
      engine_->on_cluster_limit(*negotiated, now, ike_actions_);
  }
  static_cast<void>(output);
}

// --- initiating

void Core::begin_due(Instant now, Output& output) {
  for (const Initiations::PathName& name : initiations_.due(now))
    static_cast<void>(begin(name, now, nullptr, output));
}

const PolicyOwner* Core::to_begin_with(ipsec::PolicyId policy) const {
  const auto owner = owners_.find(policy);
  if (stopping_ || owner == owners_.end()) return nullptr;
  const auto configured = settings_.peers.find(owner->second.peer->name);
  const bool begun = configured != settings_.peers.end() && configured->second.start != Start::none;
  return begun ? &owner->second : nullptr;
}

// The packets of the call that is under way which an SA is now asked for. The data path has said so of each,
// in their order.
void Core::hold_waiting(std::span<const ipsec::Event> events, Instant now) {
  auto packet = parts_->outgoing.begin();
  for (const ipsec::Event& event : events) {
    const auto* wanted = std::get_if<ipsec::Acquire>(&event);
    if (wanted == nullptr) continue;
    packet = std::find_if(packet, parts_->outgoing.end(),
                          [](const auto& one) { return one.discard == ipsec::Discard::no_sa; });
    if (packet == parts_->outgoing.end()) return;
    const bool awaited = to_begin_with(wanted->policy) != nullptr;
    if (awaited && !parts_->waiting.hold(wanted->policy, packet->packet.view(), now))
      ++counters_.given_up_waiting;
    ++packet;
  }
}

// The policy has an SA: what waits for it goes, but for what that SA is not for.
void Core::release_waiting(ipsec::PolicyId policy, Instant now, Output& output) {
  Waiting::Packets waited = parts_->waiting.take(policy);
  if (waited.packets.empty()) return;
  std::vector<ipsec::Outgoing> outgoing;
  for (ipsec::HeldPacket& packet : waited.packets)
    outgoing.push_back({.packet = packet.buffer()});
  std::vector<ipsec::Fate> fates(outgoing.size(), ipsec::Fate::discarded);
  parts_->ends.send(outgoing, now, fates, output.storage);
  for (std::size_t i = 0; i < outgoing.size(); ++i) {
    if (fates[i] == ipsec::Fate::discarded) {
      const bool again = outgoing[i].discard == ipsec::Discard::no_sa &&
                         parts_->waiting.hold_until(policy, outgoing[i].packet.view(), waited.until);
      if (!again) ++counters_.given_up_waiting;
      continue;
    }
    ++counters_.sent_after_waiting;
    if (fates[i] != ipsec::Fate::replaced) output.outside.push_back(outgoing[i].packet);
    output.storage.packets.held.push_back(std::move(waited.packets[i]));
  }
}

//= rfc4301/5.1/protect-without-sa-asks-for-one-and-never-sends-clear
void Core::acquire(const ipsec::Acquire& acquire, Instant now, Output& output) {
  const PolicyOwner* const owner = to_begin_with(acquire.policy);
  if (owner == nullptr) return;
  const auto& [peer, child] = *owner;
  auto [asked, first] = asked_for_.try_emplace(acquire.policy, now);
  if (!first && now < asked->second + settings_.peers.at(peer->name).retry) return;
  asked->second = now;
  if (const auto sa = engine_->established_with(peer->name)) {
    static_cast<void>(engine_->create_child(*sa, child->name, now, ike_actions_, &acquire.packet));
    return;
  }
  // All paths of a cluster; of anything else the first that is free.
  while (const auto name = initiations_.wanted(peer->name, now)) {
    static_cast<void>(begin(*name, now, &acquire.packet, output));
    if (!child->cluster) break;
  }
}

Result<ike::IkeSaId> Core::begin(const Initiations::PathName& name, Instant now,
                                 const ipsec::PacketSelectors* packet, Output& output) {
  const auto& paths = settings_.peers.at(name.peer).paths;
  const auto path = std::ranges::find(paths, name.path, &PathSettings::name);
  if (path == paths.end())
    return std::unexpected(Error{Blame::local_fault, fmt::format("peer '{}'", name.peer), std::nullopt,
                                 fmt::format("it has no path '{}'", name.path), ""});
  auto begun =
      engine_->initiate(name.peer, {{path->local, path->local_port}, {path->remote, path->remote_port}}, now,
                        ike_actions_, packet);
  initiations_.began(name, begun ? std::optional(*begun) : std::nullopt, now);
  if (!begun) {
    ++counters_.faults;
    output.reports.emplace_back(Fault{begun.error()});
  }
  return begun;
}

}  // namespace mpsec::gateway
