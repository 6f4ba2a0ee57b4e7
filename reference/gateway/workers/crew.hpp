// The further workers as the core has them: what each of them owns, and what all of them have to know.
#pragma once

#include <deque>
#include <functional>
#include <unordered_map>
#include <vector>

#include "gateway/workers/desk.hpp"

namespace mpsec::gateway {

// The core's thread. Workers have numbers from 1 on: 0 is the core's own data path.
class Crew {
 public:
  // `further`: how many beside the core.
  Crew(std::size_t further, const ipsec::DataPath::Options& options, const Worker::Seams& seams);

  std::size_t size() const { return desks_.size(); }
  Desk& desk(std::size_t number) { return desks_[number - 1]; }

  void use(ipsec::Spd& spd);

  // --- packets from the unprotected side
  // Those for SAs of workers go there. The others stay, in their order, at the front of `packets`.
  std::span<ipsec::PacketBuffer> hand_over(std::span<ipsec::PacketBuffer> packets);

  // --- clusters, of which every worker has a part
  // Fails as `make` does for one of them, or SaCluster::make; then none has a part.
  Result<> take_part(const std::shared_ptr<cluster::ClusterCore>& core,
                     const std::function<Result<Worker::Part>()>& make);
  void end(ipsec::ClusterId id);
  void offer(ipsec::ClusterId policy, ipsec::ClusterId id);
  void note_path(ipsec::ClusterId id, cluster::SubSaId sub_sa, const cluster::PathKnowledge& known);

  // --- sub-SAs
  // Who is to have the next inbound half: one of those that have the fewest, which may be the core (0).
  std::size_t next_owner(ipsec::ClusterId id) const;
  // Worker 0's own halves are only counted.
  void joined_core(ipsec::ClusterId id);
  Result<ipsec::InboundSa*> join(std::size_t number, ipsec::ClusterId id, cluster::SubSaId sub_sa,
                                 ipsec::InboundParameters parameters);
  // The outbound half at all workers: limits of octets and packets are divided among them and the core, which
  // gets back what is left for its own half.
  Result<std::vector<ipsec::OutboundSa*>> join(ipsec::ClusterId id, cluster::SubSaId sub_sa,
                                               ipsec::OutboundParameters& parameters, std::uint32_t weight);
  void leave_outbound(ipsec::ClusterId id, cluster::SubSaId sub_sa);
  // `inbound` is the SPI of its inbound half, which worker `owner` has; nothing: there is none.
  void leave(ipsec::ClusterId id, cluster::SubSaId sub_sa, std::size_t owner, std::optional<Spi> inbound);

  // --- what is there
  WorkerCounters counters();
  std::uint64_t dropped() const;  // packets for workers that were too busy to take more

 private:
  std::optional<std::size_t> owner_of(ipsec::PacketBuffer& packet);

  std::uint16_t encapsulation_port_;
  std::deque<Desk> desks_;
  std::unordered_map<Spi, std::size_t> owners_;  // of inbound SAs of workers
  std::map<ipsec::ClusterId, std::vector<std::size_t>>
      load_;  // inbound halves of each worker, the core's first
};

}  // namespace mpsec::gateway
