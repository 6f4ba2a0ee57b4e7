#include "sim/cluster/stream.hpp"

#include <algorithm>

namespace mpsec::sim {
namespace {

cluster::ReorderingOptions from(std::uint64_t first) {
  return {.first = SequenceNumber(first)};
}

}  // namespace

Stream::Stream(const Scenario& scenario)
    : first_(scenario.cluster.last_sequence_number + 1),
      paths_(scenario.paths.size()),
      arrivals_(from(first_)),
      deliveries_(from(first_)) {}

Stream::Packet* Stream::find(std::uint64_t number) {
  if (number < first_ || number - first_ >= packets_.size()) return nullptr;
  Packet& packet = packets_[number - first_];
  return packet.path[0] == Packet::none ? nullptr : &packet;
}

// A run has far fewer packets than the low half has numbers.
Stream::Packet* Stream::find_low(std::uint32_t low, std::uint64_t& number) {
  number = first_ + (low - static_cast<std::uint32_t>(first_));
  return find(number);
}

void Stream::refused(ipsec::Discard cause) {
  ++refused_by_[static_cast<std::size_t>(cause)];
  ++refused_total_;
}

void Stream::sent(std::uint64_t number, const Mark& mark, std::uint32_t octets,
                  std::span<const std::size_t> paths, Instant now) {
  if (number - first_ >= packets_.size()) packets_.resize(number - first_ + 1);
  Packet& packet = packets_[number - first_];
  packet.mark = mark;
  packet.octets = octets;
  packet.sent = now;
  for (std::size_t i = 0; i < std::min(paths.size(), packet.path.size()); ++i) {
    packet.path[i] = static_cast<std::uint32_t>(paths[i]);
    packet.place[i] = ++paths_[paths[i]].sent;
  }
  ++protected_;
  wire_packets_ += paths.size();
}

void Stream::arrived(std::uint32_t low, std::size_t path, ipsec::Discard discard, Instant now) {
  ++arrived_;
  ++paths_[path].arrived;
  if (discard != ipsec::Discard::none) return;
  ++accepted_;
  ++paths_[path].accepted;
  std::uint64_t number = 0;
  Packet* const packet = find_low(low, number);
  if (packet == nullptr) return;
  packet->accepted = now;
  paths_[path].octets += packet->octets;
  window_needed_ = std::max(window_needed_, number > top_accepted_ ? 1 : top_accepted_ - number + 1);
  top_accepted_ = std::max(top_accepted_, number);
  arrivals_.arrival(SequenceNumber(number), now, packet->octets);
  for (std::size_t i = 0; i < packet->path.size(); ++i)
    if (packet->path[i] == path)
      paths_[path].order.arrival(SequenceNumber(packet->place[i]), now, packet->octets);
}

void Stream::delivered(std::uint64_t number, const std::optional<Mark>& mark, Instant now) {
  Packet* const packet = find(number);
  if (packet == nullptr || !mark || *mark != packet->mark) {
    ++not_sent_;
    return;
  }
  if (packet->times++ != 0) {
    ++delivered_twice_;
    return;
  }
  ++delivered_;
  delivered_octets_ += packet->octets;
  deliveries_.arrival(SequenceNumber(number), now, packet->octets);
  if (number < top_delivered_) ++out_of_order_;
  top_delivered_ = std::max(top_delivered_, number);
  if (mark->flow >= top_of_flow_.size()) top_of_flow_.resize(mark->flow + 1);
  if (mark->index < top_of_flow_[mark->flow]) ++flows_out_of_order_;
  top_of_flow_[mark->flow] = std::max(top_of_flow_[mark->flow], mark->index);
  longest_wait_ = std::max(longest_wait_, now - packet->accepted);
  longest_transit_ = std::max(longest_transit_, now - packet->sent);
  sum_transit_ += now - packet->sent;
}

std::uint64_t Stream::lost() const {
  return static_cast<std::uint64_t>(std::ranges::count_if(
      packets_, [](const Packet& packet) { return packet.path[0] != Packet::none && packet.times == 0; }));
}

Duration Stream::mean_transit() const {
  return delivered_ == 0 ? Duration{0} : sum_transit_ / static_cast<Duration::rep>(delivered_);
}

}  // namespace mpsec::sim
