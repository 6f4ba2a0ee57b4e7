// Who listens to a path, and sends what it has heard or made up. It has no keys.
#pragma once

#include <functional>
#include <set>
#include <vector>

#include "base/rng.hpp"
#include "sim/cluster/scenario.hpp"
#include "sim/network.hpp"

namespace mpsec::sim {

class Attacker {
 public:
  using Send = std::function<void(Packet)>;

  Attacker(const AttackPlan& plan, std::uint64_t seed, VirtualTime& time, Send send)
      : plan_(plan), rng_(seed), time_(time), send_(std::move(send)) {}
  Attacker(const Attacker&) = delete;

  void start(Instant begin, Instant end);
  // A protected packet that a gateway sent, on any path.
  void hear(const Packet& packet);

  std::uint64_t injected() const { return injected_; }

 private:
  static constexpr std::size_t memory = 1024;  // packets
  void go_on();
  void attack();
  const Packet& any_heard();
  const Packet& newest() const;
  Octets forged(const Packet& like);
  Octets over_another_path(const Packet& packet) const;
  void put_foreign_spi(Octets& packet);
  void put_garbage(Octets& packet, std::uint32_t ahead);

  AttackPlan plan_;
  SeededRng rng_;
  VirtualTime& time_;
  Send send_;
  Instant end_{};
  std::vector<Packet> heard_;
  std::size_t oldest_ = 0;
  std::set<std::uint32_t> spis_;  // of all paths
  std::uint64_t injected_ = 0;
};

}  // namespace mpsec::sim
