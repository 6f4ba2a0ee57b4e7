#include "gateway/workers/worker.hpp"

#include <algorithm>
#include <fmt/format.h>

namespace mpsec::gateway {
namespace {

// How often the limits of busy clusters are looked at.
constexpr Duration look_every = std::chrono::milliseconds(100);

std::unexpected<Error> unknown(ipsec::ClusterId id) {
  return std::unexpected(Error{Blame::local_fault, fmt::format("cluster {}", id.value), std::nullopt,
                               "this worker has no part of it", ""});
}

bool anybody_causes_it(const ipsec::Event& event) {
  return std::holds_alternative<ipsec::Audit>(event) || std::holds_alternative<ipsec::Acquire>(event);
}

}  // namespace

Worker::Worker(const ipsec::DataPath::Options& options, const Seams& seams)
    : seams_(seams), data_path_(options, {seams.rng, lifetime_, inbound_}) {}

// --- clusters

Result<> Worker::take_part(std::shared_ptr<cluster::ClusterCore> core, Part part) {
  const ipsec::ClusterId id = core->parameters().id;
  auto made = cluster::SaCluster::make(std::move(core), {.data_path = data_path_,
                                                         .provider = seams_.provider,
                                                         .scheduler = std::move(part.scheduler),
                                                         .leases = part.leases,
                                                         .counts = false});
  if (!made) return std::unexpected(std::move(made).error());
  clusters_[id] = {*std::move(made), part.ordered, part.measured};
  return {};
}

void Worker::end(ipsec::ClusterId id) {
  std::erase_if(places_, [id](const auto& entry) { return entry.second.cluster == id; });
  const auto at = clusters_.find(id);
  if (at == clusters_.end()) return;
  for (ipsec::ClusterId policy : at->second.policies)
    data_path_.take_back(policy, at->second.cluster.get());
  clusters_.erase(at);
}

void Worker::offer(ipsec::ClusterId policy, ipsec::ClusterId id) {
  const auto at = clusters_.find(id);
  if (at == clusters_.end()) return;
  at->second.policies.insert(policy);
  data_path_.use(policy, at->second.cluster.get());
}

cluster::SaCluster* Worker::find(ipsec::ClusterId id) const {
  const auto at = clusters_.find(id);
  return at == clusters_.end() ? nullptr : at->second.cluster.get();
}

Result<ipsec::InboundSa*> Worker::join(ipsec::ClusterId id, cluster::SubSaId sub_sa,
                                       ipsec::InboundParameters parameters) {
  const auto at = clusters_.find(id);
  if (at == clusters_.end()) return unknown(id);
  auto joined = at->second.cluster->join(sub_sa, std::move(parameters));
  if (joined) places_[*joined] = {id, sub_sa, &at->second};
  return joined;
}

Result<ipsec::OutboundSa*> Worker::join(ipsec::ClusterId id, cluster::SubSaId sub_sa,
                                        ipsec::OutboundParameters parameters, std::uint32_t weight) {
  cluster::SaCluster* const part = find(id);
  if (part == nullptr) return unknown(id);
  return part->join(sub_sa, std::move(parameters), weight);
}

void Worker::leave(ipsec::ClusterId id, cluster::SubSaId sub_sa) {
  std::erase_if(places_, [&](const auto& entry) {
    return entry.second.cluster == id && entry.second.sub_sa == sub_sa;
  });
  if (cluster::SaCluster* const part = find(id)) part->leave(sub_sa);
}

// --- packets

void Worker::receive(std::span<ipsec::PacketBuffer> packets, Instant now, WorkerOutput& output, News& news) {
  origins_.note(packets);
  data_path_.receive(packets, now, output.storage);
  take_deliveries(output, news);
  take_rest(now, output, news);
  origins_.clear();
}

void Worker::take_deliveries(WorkerOutput& output, News& news) {
  auto& deliveries = output.storage.deliveries;
  for (const ipsec::Delivery& delivery : deliveries) {
    const auto place = places_.find(delivery.sa);
    if (place != places_.end())
      deliver(delivery, place->second, output, news);
    else
      output.inside.push_back(delivery.packet), ++counters_.delivered;
  }
  for (const ipsec::Settled& settled : output.storage.settled)
    if (const auto place = places_.find(settled.sa); place != places_.end())
      tell_arrival(place->second, settled.number, {}, 0, news);
  // Of each SA the last that came; SAs come in runs.
  const ipsec::InboundSa* told = nullptr;
  for (auto at = deliveries.rbegin(); at != deliveries.rend(); ++at) {
    if (at->sa == nullptr || at->sa == told) continue;
    told = at->sa;
    tell_traffic(*at, news);
  }
  deliveries.clear(), output.storage.settled.clear();
}

void Worker::deliver(const ipsec::Delivery& delivery, const Place& place, WorkerOutput& output, News& news) {
  const std::uint32_t octets = delivery.packet.size();
  if (!place.held->ordered) {
    output.inside.push_back(delivery.packet), ++counters_.delivered;
    return tell_arrival(place, delivery.number, {}, octets, news);
  }
  // Where there is no room for it, its number need not be waited for either.
  const ipsec::PacketBuffer copy = news.arrivals.size() < News::most_arrivals
                                       ? news.packets.add(delivery.packet.view())
                                       : ipsec::PacketBuffer{};
  if (copy.empty()) ++counters_.lost_to_the_core;
  tell_arrival(place, delivery.number, copy, octets, news);
}

void Worker::tell_arrival(const Place& place, std::uint64_t number, const ipsec::PacketBuffer& packet,
                          std::uint32_t octets, News& news) {
  if (!place.held->ordered && !place.held->measured) return;
  if (news.arrivals.size() < News::most_arrivals)
    news.arrivals.push_back({place.cluster, place.sub_sa, SequenceNumber(number), octets, packet});
}

void Worker::tell_traffic(const ipsec::Delivery& newest, News& news) const {
  const ipsec::InboundParameters& parameters = newest.sa->parameters();
  const auto told = std::ranges::find(news.traffic, parameters.spi, &News::Traffic::spi);
  News::Traffic& traffic = told == news.traffic.end() ? news.traffic.emplace_back() : *told;
  traffic.protocol = parameters.protocol;
  traffic.spi = parameters.spi;
  if (parameters.udp) traffic.udp = origins_.of(newest.packet);
  traffic.newest = newest.number == newest.sa->window().top();
}

// Packets in a row of one flow are looked up as one.
bool Worker::serves(const ipsec::PacketBuffer& packet) {
  ipsec::PacketSelectors flow;
  if (!ipsec::read_selectors(packet.view(), ipsec::Direction::outbound, flow)) return knows_flow_ = false;
  if (!knows_flow_ || flow != flow_) serves_flow_ = data_path_.has_group_for(flow);
  flow_ = flow, knows_flow_ = true;
  return serves_flow_;
}

void Worker::send(std::span<ipsec::PacketBuffer> packets, Instant now, WorkerOutput& output, News& news) {
  outgoing_.clear();
  knows_flow_ = false;
  for (const ipsec::PacketBuffer& packet : packets) {
    if (serves(packet)) {
      outgoing_.push_back({.packet = packet});
    } else if (const auto copy = news.packets.add(packet.view()); !copy.empty()) {
      news.unserved.push_back(copy);
    } else {
      ++counters_.lost_to_the_core;
    }
  }
  counters_.clear_in += outgoing_.size();
  fates_.assign(outgoing_.size(), ipsec::Fate::discarded);
  data_path_.send(outgoing_, now, fates_, output.storage);
  for (std::size_t i = 0; i < outgoing_.size(); ++i)
    if (fates_[i] == ipsec::Fate::protected_)
      output.outside.push_back(outgoing_[i].packet), ++counters_.packets_out;
  take_rest(now, output, news);
}

void Worker::take_rest(Instant now, WorkerOutput& output, News& news) {
  ipsec::Actions& actions = output.storage;
  for (ipsec::Emission& emission : actions.emissions) {
    const bool outside = emission.side == ipsec::Emission::Side::unprotected;
    auto& side = outside ? output.outside : output.to_sources;
    side.push_back(emission.packet.buffer());
    actions.held.push_back(std::move(emission.packet));
  }
  actions.emissions.clear();
  bool told = false;
  for (const ipsec::Event& event : actions.events) {
    if (const auto* lost = std::get_if<ipsec::ResynchronisationWanted>(&event)) {
      lost->sa->resynchronise();
      continue;
    }
    told |= !anybody_causes_it(event);
    if (!anybody_causes_it(event) || news.events.size() < News::most_events) news.events.push_back(event);
  }
  actions.events.clear();
  if (told || now >= look_at_) look_after(now, news);
}

// What concerns the whole cluster is said by the core's own part.
void Worker::look_after(Instant now, News& news) {
  look_at_ = now + look_every;
  noticed_.clear();
  for (auto& [_, held] : clusters_)
    held.cluster->look_after(now, noticed_);
  for (const cluster::ClusterEvent& event : noticed_)
    if (std::holds_alternative<cluster::NumbersNotShared>(event)) news.cluster_events.push_back(event);
}

// --- time

std::optional<Instant> Worker::next_deadline() const {
  return data_path_.next_deadline();
}

void Worker::on_time(Instant now, WorkerOutput& output, News& news) {
  data_path_.on_time(now, output.storage);
  take_rest(now, output, news);
}

WorkerCounters Worker::counters() const {
  WorkerCounters counters = counters_;
  counters.discards = data_path_.discards();
  return counters;
}

}  // namespace mpsec::gateway
