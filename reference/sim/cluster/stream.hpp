// All packets of one direction, from the hosts of one gateway to those of the other: an account of each by
// its number.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <vector>

#include "cluster/reordering_metrics.hpp"
#include "ipsec/discard.hpp"
#include "sim/cluster/scenario.hpp"

namespace mpsec::sim {

// What a host wrote into an inner packet, to know it again.
struct Mark {
  std::uint32_t flow = 0;
  std::uint64_t index = 0;  // in the flow, from 1

  bool operator==(const Mark&) const = default;
};

// What came over one path.
struct PathTraffic {
  std::uint64_t sent = 0;      // protected packets
  std::uint64_t arrived = 0;   // at the other gateway, the attackers' too
  std::uint64_t accepted = 0;  // by its window
  std::uint64_t octets = 0;    // of the inner packets of these
  cluster::ReorderingMetrics order{
      {.first = SequenceNumber(1)}};  // by the places that the packets had on this path
};

class Stream {
 public:
  explicit Stream(const Scenario& scenario);

  // --- as it happens
  void refused(ipsec::Discard cause);
  // An inner packet of `octets`; `paths` carry a copy each.
  void sent(std::uint64_t number, const Mark& mark, std::uint32_t octets, std::span<const std::size_t> paths,
            Instant now);
  // A protected packet at the far gateway; `low` is the sequence number as its header has it.
  void arrived(std::uint32_t low, std::size_t path, ipsec::Discard discard, Instant now);
  void delivered(std::uint64_t number, const std::optional<Mark>& mark, Instant now);
  void abandoned(std::uint64_t numbers) { abandoned_ += numbers; }

  // --- what there was
  std::uint64_t offered() const { return protected_ + refused_total_; }
  std::uint64_t protected_packets() const { return protected_; }
  std::uint64_t wire_packets() const { return wire_packets_; }
  const std::array<std::uint64_t, ipsec::discard_causes>& refused_by() const { return refused_by_; }
  std::uint64_t refused() const { return refused_total_; }
  std::uint64_t abandoned() const { return abandoned_; }
  std::uint64_t arrived() const { return arrived_; }
  std::uint64_t accepted() const { return accepted_; }
  std::uint64_t discarded() const { return arrived_ - accepted_; }
  std::uint64_t delivered() const { return delivered_; }
  std::uint64_t delivered_octets() const { return delivered_octets_; }
  std::uint64_t delivered_twice() const { return delivered_twice_; }
  std::uint64_t not_sent() const {
    return not_sent_;
  }  // delivered, and no packet of ours: there must be none
  std::uint64_t lost() const;                                               // protected, and not delivered
  std::uint64_t out_of_order() const { return out_of_order_; }              // delivered below a higher number
  std::uint64_t flows_out_of_order() const { return flows_out_of_order_; }  // the same within their flow
  std::uint64_t window_needed() const { return window_needed_; }            // of what was accepted
  Duration longest_wait() const { return longest_wait_; }                   // from acceptance to delivery
  Duration longest_transit() const { return longest_transit_; }             // from host to host
  Duration mean_transit() const;
  const std::vector<PathTraffic>& paths() const { return paths_; }
  const cluster::ReorderingMetrics& arrivals() const { return arrivals_; }
  const cluster::ReorderingMetrics& deliveries() const { return deliveries_; }

 private:
  struct Packet {
    Mark mark;
    std::uint32_t octets = 0;
    Instant sent, accepted;
    std::array<std::uint32_t, 2> path{none, none};
    std::array<std::uint64_t, 2> place{};  // on that path, from 1
    std::uint32_t times = 0;               // delivered
    static constexpr std::uint32_t none = 0xffffffff;
  };
  Packet* find(std::uint64_t number);
  Packet* find_low(std::uint32_t low, std::uint64_t& number);

  std::uint64_t first_;          // number that can be in packets_
  std::vector<Packet> packets_;  // by number; those that were never sent have no path
  std::vector<PathTraffic> paths_;
  std::array<std::uint64_t, ipsec::discard_causes> refused_by_{};
  std::uint64_t protected_ = 0, wire_packets_ = 0, refused_total_ = 0, abandoned_ = 0, arrived_ = 0,
                accepted_ = 0, delivered_ = 0, delivered_octets_ = 0, delivered_twice_ = 0, not_sent_ = 0,
                out_of_order_ = 0, flows_out_of_order_ = 0;
  std::uint64_t top_accepted_ = 0, top_delivered_ = 0, window_needed_ = 0;
  std::vector<std::uint64_t> top_of_flow_;
  Duration longest_wait_{0}, longest_transit_{0}, sum_transit_{0};
  cluster::ReorderingMetrics arrivals_, deliveries_;
};

}  // namespace mpsec::sim
