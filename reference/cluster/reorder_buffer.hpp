// Puts the packets of a cluster's paths back into the order of their numbers, as far as that is worth waiting
// for.
#pragma once

#include <type_traits>
#include <utility>

#include "cluster/reorder_queue.hpp"

namespace mpsec::cluster {

// Stands behind the anti-replay window: what arrives is authentic, and each number comes once. (A number that
// comes again all the same is dropped and counted.)
//
// Packets leave in the order of their numbers. One that comes too early is held until every number before it
// is resolved: delivered, accounted for without a packet (resolve()), or given up, because the policy or a
// limit says so. What comes after its number was given up is late: delivered at once or dropped, as the
// options say. So nothing is held beyond limits.time, whatever numbers never come: abandoned by the sender,
// lost, or on a path that died.
//
// Packet is any movable handle. `deliver(Packet&&, SequenceNumber)` is called for each packet that leaves,
// and must not call this buffer. A packet may arrive as something that a Packet is made of only where it is
// held, say a view whose octets are copied then; deliver() takes that too. No call allocates but on_paths().
// Memory: 4.5 octets for a number of the span, and for each packet that may be held 40 octets and a Packet.
template <class Packet>
class ReorderBuffer {
 public:
  using Verdict = ReorderQueue::Verdict;

  // `options` pass ReorderOptions::check().
  ReorderBuffer(const ReorderOptions& options, std::unique_ptr<ReorderPolicy> policy)
      : queue_(options, std::move(policy)), packets_(queue_.slots()) {}

  // A packet with `number` came on `path` (small numbers that its owner gives the paths) and belongs to
  // `flow` (a hash). It is delivered, with those that waited for it; or held; or dropped, which the counters
  // tell the cause of.
  template <class Arriving = Packet, class Deliver>
  Verdict arrive(SequenceNumber number, std::uint32_t path, std::uint64_t flow, std::uint32_t octets,
                 std::type_identity_t<Arriving>&& packet, Instant now, Deliver&& deliver) {
    make_room(number, now, deliver);
    const auto placed = queue_.arrive({number.value, path, flow, octets}, now);
    if (placed.verdict == Verdict::deliver) deliver(std::move(packet), number);
    if (placed.verdict == Verdict::hold) packets_[placed.slot].emplace(std::move(packet));
    release(now, deliver);
    return placed.verdict;
  }

  // `number` is accounted for and brings nothing to deliver: a dummy packet, or one that was discarded after
  // its ICV had been verified. A number that is accounted for already changes nothing, but shows how far its
  // path is.
  template <class Deliver>
  void resolve(SequenceNumber number, std::uint32_t path, Instant now, Deliver&& deliver) {
    make_room(number, now, deliver);
    queue_.resolve(number.value, path, now);
    release(now, deliver);
  }

  // When on_time() is to be called at the latest; nothing while nothing is held.
  std::optional<Instant> next_deadline() const noexcept { return queue_.next_deadline(); }
  template <class Deliver>
  void on_time(Instant now, Deliver&& deliver) {
    release(now, deliver);
  }

  // Releases all that is held.
  template <class Deliver>
  void flush(Instant now, Deliver&& deliver) {
    queue_.flush();
    release(now, deliver);
  }

  // The paths on which packets may still come, for ReorderOptions::fifo_paths. A path that leaves stays among
  // them until nothing more can come on it. For one from PathProgress::most_paths
  // on it fails, and no path is known: then nothing is taken for lost, and no flow passes another.
  Result<> on_paths(std::span<const std::uint32_t> live) { return queue_.on_paths(live); }

  SequenceNumber next() const noexcept { return queue_.next(); }  // the first number not yet resolved
  std::uint32_t packets() const noexcept { return queue_.packets(); }
  std::uint64_t octets() const noexcept { return queue_.octets(); }
  const ReorderCounters& counters() const noexcept { return queue_.counters(); }
  std::size_t memory_octets() const {
    return queue_.memory_octets() + packets_.capacity() * sizeof(std::optional<Packet>);
  }

 private:
  template <class Deliver>
  void make_room(SequenceNumber number, Instant now, Deliver& deliver) {
    if (queue_.within_span(number.value)) [[likely]]
      return;
    queue_.make_room(number.value);
    release(now, deliver);
  }

  template <class Deliver>
  void release(Instant now, Deliver& deliver) {
    while (const auto released = queue_.next_release(now)) {
      auto& packet = packets_[released->slot];
      deliver(std::move(*packet), released->number);
      packet.reset();
    }
  }

  ReorderQueue queue_;
  std::vector<std::optional<Packet>> packets_;
};

}  // namespace mpsec::cluster
