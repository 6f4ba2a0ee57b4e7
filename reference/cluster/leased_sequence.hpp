// Numbers of a cluster's counter taken in advance: a worker goes to the counter once for many packets.
#pragma once

#include <cstdint>

#include "base/clock.hpp"
#include "base/error.hpp"
#include "cluster/shared_sequence.hpp"
#include "ipsec/sequence_source.hpp"

namespace mpsec::cluster {

// How long a lease may be used. A number sent late arrives late, and past the peer's window it is lost.
struct LeaseRules {
  static constexpr std::uint32_t largest = 64;
  // As SA_CLUSTER_JOIN has it: a peer's window may be larger than any of ours.
  static constexpr std::uint32_t smallest_peer_window = 32, largest_peer_window = 1u << 31;

  std::uint32_t numbers = 32;        // in a lease, 1 to largest
  std::uint32_t peer_window = 1024;  // W_peer: a lease is over when it is more than a quarter of it behind
  Duration time = std::chrono::milliseconds(10);  // and so long after it was taken

  // Fails naming the field, its range and what was found.
  Result<> check() const;
};

// What became of the numbers taken from the shared counter: taken = sent + abandoned + held.
struct LeaseReport {
  std::uint64_t leases = 0;
  std::uint64_t taken = 0;
  std::uint64_t sent = 0;               // given to the caller, who sends each or discards its packet by cause
  std::uint64_t abandoned_behind = 0;   // the others had gone on too far
  std::uint64_t abandoned_by_time = 0;  // also when the worker left the cluster
  std::uint64_t held = 0;
  std::uint64_t largest_displacement = 0;  // a lease's next number behind the counter when its batch began
};

// One worker's source, in cache lines of its own: workers' sources lie side by side. The worker says what
// time it is before each batch; take() then needs no clock.
class alignas(64) LeasedSequence final : public ipsec::SequenceSource {
 public:
  // The shared source outlives this one; `rules` have passed their check.
  LeasedSequence(SharedSequence& shared, const LeaseRules& rules) noexcept : shared_(shared), rules_(rules) {}

  // Abandons the lease if it has become too old to be sent on: its numbers are counted and never sent.
  void begin_batch(Instant now) noexcept;
  // From the lease, and from a new one where it is used up. Fewer than wanted where the lease ends; none
  // where the counter does.
  Range take(std::uint32_t wanted) noexcept override;
  // Abandons what is held: the worker leaves.
  void abandon() noexcept;

  std::uint64_t left() const noexcept override { return shared_.left() + held_.count; }
  LeaseReport report() const noexcept;

 private:
  void abandon_into(std::uint64_t& counter) noexcept;

  SharedSequence& shared_;
  LeaseRules rules_;
  Range held_;
  Instant now_{}, taken_at_{};
  LeaseReport report_;
};

}  // namespace mpsec::cluster
