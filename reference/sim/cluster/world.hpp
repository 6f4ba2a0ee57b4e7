// The draft's figure with any number of paths: two gateways with an SA cluster between them, hosts behind
// them, the network between, whoever attacks it - and a clock that brings about what a scenario says.
#pragma once

#include <memory>
#include <vector>

#include "sim/cluster/attacker.hpp"
#include "sim/cluster/gateway.hpp"
#include "sim/cluster/probe.hpp"
#include "sim/cluster/source.hpp"
#include "sim/cluster/stream.hpp"
#include "sim/network.hpp"

namespace mpsec::sim {

// At one moment, for the plots.
struct Sample {
  Instant at;
  std::array<std::uint32_t, 2> held{};  // packets in the reorder buffer of SGW1, SGW2
  std::vector<std::uint64_t> octets;    // accepted until now, by path: both directions
};

class World {
 public:
  // What the gateways and the attackers put on the wire, and what the taps saw.
  struct Wire {
    std::uint64_t protected_packets = 0, probes = 0, injected = 0;
    std::uint64_t clear = 0;  // packets of hosts that went out unprotected
    std::uint64_t protected_arrived = 0, probes_arrived = 0;
    std::array<std::uint64_t, drop_causes> protected_dropped{};  // the attackers' among them
  };

  // Fails where the scenario's cluster cannot be made. Scenario and provider outlive it.
  static Result<std::unique_ptr<World>> make(const Scenario& scenario, const crypto::Provider& provider,
                                             std::uint64_t seed);
  World(const World&) = delete;

  // To the end of the scenario. Fails where a sub-SA cannot join.
  Result<> run();

  const Scenario& scenario() const { return scenario_; }
  const Network& network() const { return network_; }
  const Wire& wire() const { return wire_; }
  const Gateway& gateway(End end) const { return *gateways_[place(end)]; }
  const Stream& stream(End from) const { return streams_[place(from)]; }
  const std::vector<Sample>& samples() const { return samples_; }
  std::size_t paths() const { return paths_.size(); }
  LinkId link(End from, std::size_t path) const {
    return from == End::sgw1 ? paths_[path].links.there : paths_[path].links.back;
  }
  // Of the path's requests, both ends together.
  std::uint64_t requests(std::size_t path) const;
  std::uint64_t unanswered(std::size_t path) const;
  std::uint64_t deaths(std::size_t path) const { return paths_[path].deaths; }
  // As SGW1 sees it; nothing where no sub-SA of the path is left.
  const cluster::PathState* state(std::size_t path) const;

 private:
  struct Path {
    Network::Pair links;
    std::vector<SubSaPlan> sub_sas;  // the oldest first
    std::array<std::unique_ptr<Probe>, 2> probes;
    std::uint64_t deaths = 0;
  };

  World(const Scenario& scenario, std::uint64_t seed);
  std::uint64_t next_seed() { return seeds_.next_u64(); }
  void make_path(const PathPlan& plan);
  void make_probe(End end, std::size_t path);
  void make_sources();
  void make_attackers();
  void listen();
  void sample();
  Instant traffic_end() const { return Instant{} + scenario_.duration; }
  Instant end() const { return traffic_end() + scenario_.drain; }

  // what happens
  void plan(const Happening& happening);
  void happen(const Deed& deed);
  void hold_back(const AttackPlan& attack, bool begins);
  void join(std::size_t path);
  void leave(std::size_t path, bool all);
  void leave(const SubSaPlan& sub_sa);
  Duration grace(std::size_t path) const;

  // packets
  void send(End from, const Mark& mark, OctetView packet);
  void put_on_wire(End from, const Mark& mark, std::uint32_t octets, const Gateway::Sent& sent);
  void arrive(End at, const Packet& packet);
  void arrive_probe(End at, std::size_t path, const Packet& packet);
  void send_probe(End from, std::size_t path, OctetView payload);
  void deliver(End at);
  void set_timer(End end);

  const Scenario& scenario_;
  SeededRng seeds_;
  VirtualTime time_;
  Network network_;
  Wire wire_;
  std::array<std::unique_ptr<Gateway>, 2> gateways_;
  std::array<Stream, 2> streams_;
  std::array<std::optional<Instant>, 2> timers_;
  std::vector<Path> paths_;
  std::vector<std::unique_ptr<Source>> sources_;
  std::vector<std::unique_ptr<Attacker>> attackers_;
  bool injecting_ = false;
  std::uint32_t last_sub_sa_ = 0;
  std::optional<Error> failure_;
  std::vector<Sample> samples_;
};

}  // namespace mpsec::sim
