// On which paths the packets of a flow come, learnt as they arrive.
#pragma once

#include <bit>
#include <cstdint>
#include <span>
#include <vector>

#include "base/clock.hpp"
#include "cluster/path_progress.hpp"

namespace mpsec::cluster {

struct FlowOptions {
  // Flows are told apart by their hash modulo `buckets`, a power of two up to 2^20; those of one bucket are
  // taken for one flow. 0: all packets are one flow.
  std::uint32_t buckets = 0;
  std::uint32_t learning = 64;  // packets of a bucket before anything is concluded from its paths
  Duration memory =
      std::chrono::seconds(1);  // a path unused for one to two of these is none of a bucket's any more
};

// A sender that keeps a flow on one path, or on few, makes a gap on the others no matter of that flow's. This
// finds out. Paths from `most_paths` on are not told apart: a bucket that has come on one is waited for on
// every path.
class FlowPaths {
 public:
  static constexpr std::uint32_t most_paths = 64;
  static constexpr std::uint32_t no_slot = 0xffffffff;

  explicit FlowPaths(const FlowOptions& options)
      : options_(options), buckets_(options.buckets), mask_(options.buckets - 1) {}

  bool apart() const noexcept { return !buckets_.empty(); }
  std::uint32_t bucket_of(std::uint64_t flow) const noexcept {
    return static_cast<std::uint32_t>(flow & mask_);
  }
  void on_paths(std::span<const std::uint32_t> live);

  // A packet of the bucket came on `path`.
  void arrived(std::uint32_t bucket, std::uint32_t path, Instant now) noexcept;
  void delivered(std::uint32_t bucket, std::uint64_t number) noexcept {
    if (number > buckets_[bucket].highest_delivered) buckets_[bucket].highest_delivered = number;
  }
  // A higher number of the bucket has left.
  bool overtaken(std::uint32_t bucket, std::uint64_t number) const noexcept {
    return number < buckets_[bucket].highest_delivered;
  }

  // No packet of the bucket comes any more whose number is below the result, if its paths keep order and are
  // those it is known to use. 0 while too little is known.
  std::uint64_t complete_below(std::uint32_t bucket, const PathProgress& progress) const noexcept;

  // The slots of the bucket's held packets with the lowest and the highest number, for who keeps the list.
  struct Ends {
    std::uint32_t lowest = no_slot;
    std::uint32_t highest = no_slot;
  };
  Ends& ends(std::uint32_t bucket) noexcept { return buckets_[bucket].held; }
  const Ends& ends(std::uint32_t bucket) const noexcept { return buckets_[bucket].held; }

  std::size_t memory_octets() const { return buckets_.capacity() * sizeof(Bucket); }

 private:
  struct Bucket {
    std::uint64_t paths = 0;    // in this period of `memory`
    std::uint64_t earlier = 0;  // in the one before
    std::uint64_t highest_delivered = 0;
    std::int64_t period = 0;
    std::uint32_t packets = 0;  // while learning
    Ends held;
  };

  void begin_period(Bucket& bucket) const noexcept;

  FlowOptions options_;
  std::vector<Bucket> buckets_;
  std::uint64_t mask_;
  std::uint64_t live_ = 0;
  std::int64_t period_ = 0;
  Instant period_ends_{};
};

}  // namespace mpsec::cluster
