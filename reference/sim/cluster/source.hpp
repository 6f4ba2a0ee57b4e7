// Hosts that send: the packets of one flow, and when.
#pragma once

#include <functional>

#include "base/ip_address.hpp"
#include "base/rng.hpp"
#include "sim/cluster/stream.hpp"
#include "sim/virtual_time.hpp"

namespace mpsec::sim {

// A UDP packet between the hosts of a flow, with its mark in it; at least 64 octets.
Octets marked_packet(const Mark& mark, End from, std::uint32_t octets);
// What is written in a packet of marked_packet.
std::optional<Mark> mark_of(OctetView packet);

class Source {
 public:
  using Send = std::function<void(End from, const Mark& mark, OctetView packet)>;

  // `flow` is its number among all flows of the scenario; constant flows of one plan start apart from each
  // other.
  Source(const FlowPlan& plan, std::uint32_t flow, std::uint64_t seed, VirtualTime& time, Send send)
      : plan_(plan), mark_{flow, 0}, rng_(seed), time_(time), send_(std::move(send)) {}
  Source(const Source&) = delete;

  // `phase`, from [0, 1): the part of an interval that passes before the first packet.
  void start(Instant begin, Instant end, double phase);

 private:
  void go_on(double intervals);
  void emit();

  FlowPlan plan_;
  Mark mark_;
  SeededRng rng_;
  VirtualTime& time_;
  Send send_;
  Instant end_{};
};

}  // namespace mpsec::sim
