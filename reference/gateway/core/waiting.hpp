// Packets that came before their SA: a few of each policy are kept until it is there, so that what asks for
// an SA is not what is lost. Bounded in packets, octets and time.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <utility>
#include <vector>

#include "base/clock.hpp"
#include "ipsec/packet_buffer.hpp"
#include "ipsec/policy.hpp"

namespace mpsec::gateway {

class Waiting {
 public:
  struct Limits {
    std::size_t packets = 16, octets = 32 * 1024;  // of a policy
    std::size_t octets_in_all = 4 * 1024 * 1024;
    Duration time = std::chrono::seconds(3);  // since the policy's first
  };
  struct Packets {
    Instant until{};  // then they are given up
    std::vector<ipsec::HeldPacket> packets{};
  };

  Waiting() = default;
  explicit Waiting(const Limits& limits) : limits_(limits) {}

  // Keeps a copy; false where there is no room.
  bool hold(ipsec::PolicyId policy, OctetView packet, Instant now) {
    return hold_until(policy, packet, now + limits_.time);
  }
  // Likewise what was taken and found no SA: until its time is over.
  bool hold_until(ipsec::PolicyId policy, OctetView packet, Instant until);
  // Those of the policy, in the order in which they came; none of it wait any more.
  Packets take(ipsec::PolicyId policy);
  // Gives up those whose time is over; says how many.
  std::size_t on_time(Instant now);
  std::size_t give_up_all();
  std::optional<Instant> next_deadline() const;

 private:
  struct Queue {
    Packets of{};
    std::size_t octets = 0;
  };
  Limits limits_{};
  std::map<ipsec::PolicyId, Queue> queues_;
  std::set<std::pair<Instant, ipsec::PolicyId>> deadlines_;
  std::size_t octets_ = 0;
};

}  // namespace mpsec::gateway
