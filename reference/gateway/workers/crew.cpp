#include "gateway/workers/crew.hpp"

#include <algorithm>

#include "ipsec/arrival.hpp"
#include "wire/in_place.hpp"

namespace mpsec::gateway {
namespace {

// What one of `parts` may use of a limit that holds for all of them together.
std::uint64_t share_of(std::uint64_t limit, std::size_t parts) {
  return limit == std::numeric_limits<std::uint64_t>::max() ? limit
                                                            : std::max<std::uint64_t>(1, limit / parts);
}

void divide(ipsec::Lifetime& lifetime, std::size_t parts) {
  for (ipsec::LifetimeLimit* limit : {&lifetime.soft, &lifetime.hard}) {
    limit->octets = share_of(limit->octets, parts);
    limit->packets = share_of(limit->packets, parts);
  }
}

ipsec::OutboundParameters clone(const ipsec::OutboundParameters& from) {
  ipsec::OutboundParameters copy;
  static_cast<ipsec::SaParameters&>(copy) = from.clone();
  copy.dscp_values = from.dscp_values;
  copy.path_mtu = from.path_mtu;
  copy.tfc_multiple = from.tfc_multiple;
  copy.last_sequence_number = from.last_sequence_number;
  return copy;
}

}  // namespace

Crew::Crew(std::size_t further, const ipsec::DataPath::Options& options, const Worker::Seams& seams)
    : encapsulation_port_(options.encapsulation_port) {
  for (std::size_t i = 0; i < further; ++i) {
    ipsec::DataPath::Options own = options;
    own.seed = seams.rng.next_u64();
    desks_.emplace_back(own, seams);
  }
}

void Crew::use(ipsec::Spd& spd) {
  for (Desk& desk : desks_)
    desk.with([&](Worker& worker) { worker.data_path().use(spd); });
}

// --- packets

std::span<ipsec::PacketBuffer> Crew::hand_over(std::span<ipsec::PacketBuffer> packets) {
  if (owners_.empty()) return packets;
  std::size_t kept = 0;
  for (ipsec::PacketBuffer& packet : packets) {
    if (const auto owner = owner_of(packet))
      desk(*owner).hand_over(packet.view());
    else
      packets[kept++] = packet;
  }
  for (Desk& desk : desks_)
    desk.send_on();
  return packets.first(kept);
}

std::optional<std::size_t> Crew::owner_of(ipsec::PacketBuffer& packet) {
  const wire::PlainHead head = wire::plain_head(packet.view());
  std::optional<Spi> spi;
  if (ipsec::is_plain_esp(packet, head)) {
    spi = wire::load<&wire::Esp::spi>(packet.data() + head.octets);
  } else {
    ipsec::SealedPacket sealed;
    const ipsec::Arrival arrival = ipsec::look_at(packet, sealed, encapsulation_port_);
    if (arrival.kind == ipsec::Arrival::Kind::sealed) spi = arrival.spi;
  }
  const auto owner = spi ? owners_.find(*spi) : owners_.end();
  return owner == owners_.end() ? std::nullopt : std::optional(owner->second);
}

// --- clusters

Result<> Crew::take_part(const std::shared_ptr<cluster::ClusterCore>& core,
                         const std::function<Result<Worker::Part>()>& make) {
  for (Desk& desk : desks_) {
    auto part = make();
    auto taken = part ? desk.with([&](Worker& worker) { return worker.take_part(core, *std::move(part)); })
                      : Result<>(std::unexpected(std::move(part).error()));
    if (taken) continue;
    end(core->parameters().id);
    return taken;
  }
  load_[core->parameters().id].assign(1 + size(), 0);
  return {};
}

void Crew::end(ipsec::ClusterId id) {
  load_.erase(id);
  for (Desk& desk : desks_)
    desk.with([&](Worker& worker) { worker.end(id); });
}

void Crew::offer(ipsec::ClusterId policy, ipsec::ClusterId id) {
  for (Desk& desk : desks_)
    desk.with([&](Worker& worker) { worker.offer(policy, id); });
}

void Crew::note_path(ipsec::ClusterId id, cluster::SubSaId sub_sa, const cluster::PathKnowledge& known) {
  for (Desk& desk : desks_)
    desk.with([&](Worker& worker) {
      if (cluster::SaCluster* const part = worker.find(id)) part->note_path(sub_sa, known);
    });
}

// --- sub-SAs

std::size_t Crew::next_owner(ipsec::ClusterId id) const {
  const auto load = load_.find(id);
  if (load == load_.end()) return 0;
  return static_cast<std::size_t>(std::ranges::min_element(load->second) - load->second.begin());
}

void Crew::joined_core(ipsec::ClusterId id) {
  if (const auto load = load_.find(id); load != load_.end()) ++load->second[0];
}

Result<ipsec::InboundSa*> Crew::join(std::size_t number, ipsec::ClusterId id, cluster::SubSaId sub_sa,
                                     ipsec::InboundParameters parameters) {
  const Spi spi = parameters.spi;
  auto joined =
      desk(number).with([&](Worker& worker) { return worker.join(id, sub_sa, std::move(parameters)); });
  if (!joined) return joined;
  owners_[spi] = number;
  ++load_.at(id)[number];
  return joined;
}

Result<std::vector<ipsec::OutboundSa*>> Crew::join(ipsec::ClusterId id, cluster::SubSaId sub_sa,
                                                   ipsec::OutboundParameters& parameters,
                                                   std::uint32_t weight) {
  divide(parameters.lifetime, 1 + size());
  std::vector<ipsec::OutboundSa*> all;
  for (Desk& desk : desks_) {
    auto joined =
        desk.with([&](Worker& worker) { return worker.join(id, sub_sa, clone(parameters), weight); });
    if (joined) {
      all.push_back(*joined);
      continue;
    }
    leave_outbound(id, sub_sa);
    return std::unexpected(std::move(joined).error());
  }
  return all;
}

void Crew::leave_outbound(ipsec::ClusterId id, cluster::SubSaId sub_sa) {
  for (Desk& desk : desks_)
    desk.with([&](Worker& worker) {
      if (cluster::SaCluster* const part = worker.find(id)) part->leave_outbound(sub_sa);
    });
}

void Crew::leave(ipsec::ClusterId id, cluster::SubSaId sub_sa, std::size_t owner,
                 std::optional<Spi> inbound) {
  leave_outbound(id, sub_sa);
  if (!inbound) return;
  if (owner != 0) owners_.erase(*inbound), desk(owner).leave(id, sub_sa);
  if (const auto load = load_.find(id); load != load_.end()) --load->second[owner];
}

// --- what is there

WorkerCounters Crew::counters() {
  WorkerCounters sum;
  for (Desk& desk : desks_) {
    const WorkerCounters own = desk.with([](Worker& worker) { return worker.counters(); });
    for (std::size_t cause = 0; cause < ipsec::discard_causes; ++cause)
      sum.discards.by_cause[cause] += own.discards.by_cause[cause];
    sum.clear_in += own.clear_in, sum.packets_out += own.packets_out, sum.delivered += own.delivered;
    sum.lost_to_the_core += own.lost_to_the_core;
  }
  return sum;
}

std::uint64_t Crew::dropped() const {
  std::uint64_t sum = 0;
  for (const Desk& desk : desks_)
    sum += desk.dropped();
  return sum;
}

}  // namespace mpsec::gateway
