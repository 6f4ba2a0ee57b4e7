#include "sim/cluster/world.hpp"

#include <algorithm>

#include "wire/header_build.hpp"

namespace mpsec::sim {
namespace {

constexpr int samples_of_a_run = 200;
constexpr std::size_t number_at = wire::ipv4_header_size + 4;
constexpr std::uint8_t esp = 50;
constexpr std::uint16_t ike_port = 500;
constexpr End both[] = {End::sgw1, End::sgw2};

}  // namespace

World::World(const Scenario& scenario, std::uint64_t seed)
    : scenario_(scenario),
      seeds_(seed),
      network_(time_, next_seed()),
      streams_{Stream(scenario), Stream(scenario)} {}

Result<std::unique_ptr<World>> World::make(const Scenario& scenario, const crypto::Provider& provider,
                                           std::uint64_t seed) {
  std::unique_ptr<World> world(new World(scenario, seed));
  for (const End end : both) {
    auto made = Gateway::make(end, scenario, provider, world->next_seed());
    if (!made) return std::unexpected(std::move(made).error());
    world->gateways_[place(end)] = *std::move(made);
  }
  for (const PathPlan& path : scenario.paths)
    world->make_path(path);
  world->listen();
  world->make_sources();
  world->make_attackers();
  return world;
}

void World::make_path(const PathPlan& plan) {
  const std::size_t path = paths_.size();
  const IpAddress here = path_address(End::sgw1, path), there = path_address(End::sgw2, path);
  const RealmId realm = network_.internet();
  const Network::Pair links{network_.add_link(plan.name + " >", plan.there),
                            network_.add_link(plan.name + " <", plan.back)};
  network_.connect(realm, here, there, links.there);
  network_.connect(realm, there, here, links.back);
  network_.attach(realm, here, [this](const Packet& packet) { arrive(End::sgw1, packet); });
  network_.attach(realm, there, [this](const Packet& packet) { arrive(End::sgw2, packet); });
  paths_.push_back({.links = links, .sub_sas = {}, .probes = {}});
  for (const End end : both)
    make_probe(end, path);
}

void World::make_probe(End end, std::size_t path) {
  auto for_each_sub_sa = [this, end, path](auto report) {
    Gateway& gateway = *gateways_[place(end)];
    for (const SubSaPlan& sub_sa : paths_[path].sub_sas) {
      const auto* state = gateway.path(sub_sa.id);
      const bool lived = state != nullptr && state->condition() != cluster::PathCondition::dead;
      report(gateway, sub_sa.id);
      if (lived && state->condition() == cluster::PathCondition::dead) ++paths_[path].deaths;
    }
  };
  paths_[path].probes[place(end)] = std::make_unique<Probe>(
      Probe::Seams{.time = time_,
                   .send = [this, end, path](OctetView request) { send_probe(end, path, request); },
                   .on_answer =
                       [this, for_each_sub_sa](std::optional<Duration> round_trip) {
                         for_each_sub_sa([&](Gateway& gateway, cluster::SubSaId sub_sa) {
                           gateway.on_answer(sub_sa, time_.now(), round_trip);
                         });
                       },
                   .on_unanswered =
                       [for_each_sub_sa] {
                         for_each_sub_sa([](Gateway& gateway, cluster::SubSaId sub_sa) {
                           gateway.on_unanswered(sub_sa);
                         });
                       }},
      scenario_.probes.interval);
}

// Constant flows of one plan are spread over an interval, or they would all send at the same moments.
void World::make_sources() {
  std::uint32_t flow = 0;
  for (const FlowPlan& plan : scenario_.flows) {
    const Instant end = std::min(Instant{} + plan.stop.value_or(scenario_.duration), traffic_end());
    for (std::uint32_t i = 0; i < plan.count; ++i) {
      auto send = [this](End from, const Mark& mark, OctetView packet) { this->send(from, mark, packet); };
      sources_.push_back(std::make_unique<Source>(plan, flow++, next_seed(), time_, send));
      sources_.back()->start(Instant{} + plan.start, end, static_cast<double>(i) / plan.count);
    }
  }
}

void World::make_attackers() {
  for (const AttackPlan& plan : scenario_.attacks) {
    const Instant begin = Instant{} + plan.start;
    const Instant end = std::min(Instant{} + plan.stop.value_or(scenario_.duration), traffic_end());
    if (plan.kind == AttackKind::hold_back) {
      time_.at(begin, [this, &plan] { hold_back(plan, true); });
      time_.at(end, [this, &plan] { hold_back(plan, false); });
      continue;
    }
    attackers_.push_back(std::make_unique<Attacker>(plan, next_seed(), time_, [this](Packet packet) {
      ++wire_.injected;
      injecting_ = true;
      network_.send(network_.internet(), std::move(packet));
      injecting_ = false;
    }));
    attackers_.back()->start(begin, end);
  }
}

// What the gateways send is heard by the attackers, and nothing of it may be clear.
void World::listen() {
  network_.add_tap([this](const Sighting& sighting, const Packet& packet) {
    const bool is_probe = packet.is_udp() && packet.udp_destination().port == ike_port;
    if (sighting.what == Sighting::What::dropped && packet.protocol() == esp)
      ++wire_.protected_dropped[static_cast<std::size_t>(*sighting.cause)];
    if (sighting.what != Sighting::What::sent || injecting_) return;
    if (packet.protocol() != esp && !is_probe) ++wire_.clear;
    if (packet.protocol() != esp) return;
    for (const auto& attacker : attackers_)
      attacker->hear(packet);
  });
}

Result<> World::run() {
  for (std::size_t path = 0; path < paths_.size(); ++path)
    join(path);
  for (const Happening& happening : scenario_.happenings)
    plan(happening);
  if (scenario_.probes.interval > Duration{0})
    for (const Path& path : paths_)
      for (const auto& probe : path.probes)
        probe->start(traffic_end());  // so that nothing is under way at the end
  sample();
  time_.run_until(end());
  for (const auto& gateway : gateways_)
    gateway->on_time(time_.now());
  for (const End end : both)
    deliver(end);
  if (failure_) return std::unexpected(*failure_);
  return {};
}

void World::sample() {
  Sample sample{.at = time_.now(), .held = {}, .octets = std::vector<std::uint64_t>(paths_.size())};
  for (const End end : both) {
    if (const auto* buffer = gateways_[place(end)]->reordering()) sample.held[place(end)] = buffer->packets();
    for (std::size_t path = 0; path < paths_.size(); ++path)
      sample.octets[path] += streams_[place(end)].paths()[path].octets;
  }
  samples_.push_back(std::move(sample));
  const Duration step =
      std::max(Duration(1), Duration((scenario_.duration + scenario_.drain) / samples_of_a_run));
  if (time_.now() + step <= end()) time_.after(step, [this] { this->sample(); });
}

// --- packets

void World::send(End from, const Mark& mark, OctetView packet) {
  Gateway& gateway = *gateways_[place(from)];
  const Gateway::Sent sent = gateway.send(packet, time_.now());
  if (sent.packets.empty())
    streams_[place(from)].refused(sent.discard);
  else
    put_on_wire(from, mark, static_cast<std::uint32_t>(packet.size()), sent);
  for (const Octets& clear : sent.clear)
    network_.send(network_.internet(), Packet::from_ip(clear).value());
  deliver(from);
  set_timer(from);
}

void World::put_on_wire(End from, const Mark& mark, std::uint32_t octets, const Gateway::Sent& sent) {
  std::vector<Packet> packets;
  std::vector<std::size_t> paths;
  for (const Octets& one : sent.packets) {
    packets.push_back(Packet::from_ip(one).value());
    paths.push_back(path_of(packets.back().source()).value());
  }
  streams_[place(from)].sent(sent.number, mark, octets, paths, time_.now());
  for (Packet& packet : packets) {
    ++wire_.protected_packets;
    network_.send(network_.internet(), std::move(packet));
  }
}

void World::arrive(End at, const Packet& packet) {
  const std::size_t path = path_of(packet.destination()).value();
  if (packet.protocol() != esp) return arrive_probe(at, path, packet);
  ++wire_.protected_arrived;
  const ipsec::Discard discard = gateways_[place(at)]->receive(packet.octets(), time_.now());
  streams_[place(opposite(at))].arrived(load_be<std::uint32_t>(packet.octets().data() + number_at), path,
                                        discard, time_.now());
  deliver(at);
  set_timer(at);
}

void World::deliver(End at) {
  for (const Gateway::Delivered& delivered : gateways_[place(at)]->take_deliveries())
    streams_[place(opposite(at))].delivered(delivered.number, mark_of(delivered.packet), time_.now());
}

void World::set_timer(End end) {
  const auto deadline = gateways_[place(end)]->next_deadline();
  auto& timer = timers_[place(end)];
  if (!deadline || (timer && *timer <= *deadline)) return;
  timer = std::max(*deadline, time_.now());
  time_.at(*timer, [this, end, at = *timer] {
    if (timers_[place(end)] != at) return;
    timers_[place(end)].reset();
    gateways_[place(end)]->on_time(time_.now());
    deliver(end);
    set_timer(end);
  });
}

void World::send_probe(End from, std::size_t path, OctetView payload) {
  ++wire_.probes;
  network_.send(network_.internet(), Packet::udp({{path_address(from, path), ike_port},
                                                  {path_address(opposite(from), path), ike_port},
                                                  {payload.begin(), payload.end()}})
                                         .value());
}

void World::arrive_probe(End at, std::size_t path, const Packet& packet) {
  ++wire_.probes_arrived;
  const auto datagram = packet.received_datagram();
  if (!datagram) return;
  auto message = ProbeMessage::decode(datagram->octets);
  if (!message) return;
  if (message->answer) return paths_[path].probes[place(at)]->receive(*message);
  message->answer = true;
  send_probe(at, path, message->encode());
}

// --- what there is

std::uint64_t World::requests(std::size_t path) const {
  return paths_[path].probes[0]->requests() + paths_[path].probes[1]->requests();
}

std::uint64_t World::unanswered(std::size_t path) const {
  return paths_[path].probes[0]->unanswered() + paths_[path].probes[1]->unanswered();
}

const cluster::PathState* World::state(std::size_t path) const {
  const auto& sub_sas = paths_[path].sub_sas;
  return sub_sas.empty() ? nullptr : gateways_[0]->path(sub_sas.back().id);
}

}  // namespace mpsec::sim
