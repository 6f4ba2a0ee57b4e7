#include "gateway/core/waiting.hpp"

namespace mpsec::gateway {
namespace {

// For the padding of an SA that nobody knows yet; a TFC multiple is at most a packet.
constexpr std::size_t tailroom = ipsec::default_tailroom + 1500;

}  // namespace

bool Waiting::hold_until(ipsec::PolicyId policy, OctetView packet, Instant until) {
  const auto there = queues_.find(policy);
  const std::size_t octets = there == queues_.end() ? 0 : there->second.octets;
  const std::size_t packets = there == queues_.end() ? 0 : there->second.of.packets.size();
  if (packets >= limits_.packets || octets + packet.size() > limits_.octets ||
      octets_ + packet.size() > limits_.octets_in_all)
    return false;
  Queue& queue = queues_[policy];
  if (packets == 0) {
    queue.of.until = until;
    deadlines_.emplace(until, policy);
  }
  queue.of.packets.emplace_back(packet, ipsec::default_headroom, tailroom);
  queue.octets += packet.size();
  octets_ += packet.size();
  return true;
}

Waiting::Packets Waiting::take(ipsec::PolicyId policy) {
  auto taken = queues_.extract(policy);
  if (taken.empty()) return {};
  Queue& queue = taken.mapped();
  deadlines_.erase({queue.of.until, policy});
  octets_ -= queue.octets;
  return std::move(queue.of);
}

std::size_t Waiting::on_time(Instant now) {
  std::size_t given_up = 0;
  while (!deadlines_.empty() && deadlines_.begin()->first <= now)
    given_up += take(deadlines_.begin()->second).packets.size();
  return given_up;
}

std::size_t Waiting::give_up_all() {
  std::size_t given_up = 0;
  while (!deadlines_.empty())
    given_up += take(deadlines_.begin()->second).packets.size();
  return given_up;
}

std::optional<Instant> Waiting::next_deadline() const {
  if (deadlines_.empty()) return std::nullopt;
  return deadlines_.begin()->first;
}

}  // namespace mpsec::gateway
