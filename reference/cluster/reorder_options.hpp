// What a reorder buffer is told, and what it counts.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <numeric>
#include <optional>

#include "base/clock.hpp"
#include "base/error.hpp"
#include "base/strong.hpp"
#include "cluster/flow_paths.hpp"

namespace mpsec::cluster {

// When one is reached, the packets with the lowest numbers are released; none is dropped.
struct ReorderLimits {
  std::uint32_t packets = 1024;                    // held at once; 1 to 2^20
  std::uint64_t octets = 2 * 1024 * 1024;          // of all held packets; at least 1
  Duration time = std::chrono::milliseconds(250);  // that a packet is held; up to a minute
  // Numbers from the first missing one on, and as many below it of which copies are known. A power of two,
  // 128 to 2^24. With a span not below the SA's anti-replay window no packet is ever too late to tell from a
  // copy.
  std::uint32_t span = 65536;
};

// What becomes of a packet whose number is below one that was released (of its flow, where flows are told
// apart).
enum class LatePackets : std::uint8_t { deliver, drop };

struct ReorderOptions {
  ReorderLimits limits{};
  LatePackets late = LatePackets::deliver;
  // The number expected first. Nothing: whichever arrives first, for a buffer that joins midway.
  std::optional<SequenceNumber> first = SequenceNumber(1);
  // Every path keeps the order of its packets, so that a number is lost once every path has delivered a
  // higher one (on_paths). Lawful where a sub-SA is one flow to the network between, its sender gives it
  // rising numbers (one worker), and one thread receives it; not where a network spreads its packets or
  // reorders them otherwise.
  bool fifo_paths = false;
  // With buckets, a packet passes missing numbers at once that cannot be its flow's: where its flow's paths
  // are known and each has delivered a higher one (needs fifo_paths). So a gap holds up only the flows that
  // use its path, and none where the sender keeps each flow on one path. What is guaranteed is then the order
  // within a flow, but for packets that were under way on a path when the flow was first seen on it; those
  // count as late.
  FlowOptions flows{};

  // Fails naming the field, what it is and what it may be.
  static Result<> check(const ReorderOptions& options);
};

// Why a held packet left.
enum class ReleaseCause : std::uint8_t {
  filled,   // all before it are accounted for
  time,     // one that was released with it was held for as long as policy and limit let
  gap,      // the first missing number was as far behind as the policy lets it be
  fifo,     // the missing numbers are lost: ReorderOptions::fifo_paths
  flow,     // no missing number can be its flow's: ReorderOptions::flows
  packets,  // limits
  octets,
  span,
  flush,
};
constexpr std::size_t release_causes = 9;

// arrived() == delivered() + dropped() + packets in the buffer, at any time.
struct ReorderCounters {
  std::uint64_t passed = 0;    // delivered on arrival out of the order of all, in that of its flow
  std::uint64_t in_order = 0;  // delivered on arrival: the expected number
  std::array<std::uint64_t, release_causes> released{};  // were held, by ReleaseCause
  std::uint64_t late_delivered = 0;
  std::uint64_t late_dropped = 0;
  std::uint64_t duplicates = 0;  // dropped: the number was accounted for
  std::uint64_t beyond_reach =
      0;  // dropped: so far below that nobody can tell, or 2^64-1, which nobody sends

  std::uint64_t held = 0;      // packets that had to wait, among the released too
  std::uint64_t resolved = 0;  // numbers accounted for without a packet
  std::uint64_t given_up = 0;  // numbers not waited for any longer; some come late
  std::uint32_t most_packets = 0;
  std::uint64_t most_octets = 0;
  Duration longest_hold{0};

  bool operator==(const ReorderCounters&) const = default;
  std::uint64_t of(ReleaseCause cause) const { return released[static_cast<std::size_t>(cause)]; }
  std::uint64_t delivered() const {
    return in_order + passed + late_delivered +
           std::accumulate(released.begin(), released.end(), std::uint64_t{0});
  }
  std::uint64_t dropped() const { return late_dropped + duplicates + beyond_reach; }
};

}  // namespace mpsec::cluster
