// Reordering of a cluster as a whole and of each of its paths, measured as the packets arrive.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "cluster/reordering_metrics.hpp"

namespace mpsec::cluster {

// One path of a cluster. Its numbers have gaps by nature, since the other paths carry the rest: so nothing
// here speaks of loss, discontinuities or density, and what got lost on which path cannot be told from
// numbers. Instead: what is in order or not within the path, its share, and how far it is behind the cluster.
struct PathReport {
  std::uint32_t path = 0;
  std::uint64_t arrivals = 0;  // that were the first with their number, or too far below to tell
  std::uint64_t octets = 0;    // of these
  double share = 0;            // of the cluster's
  double octet_share = 0;
  std::uint64_t duplicates = 0;  // arrivals whose number the cluster had
  std::uint64_t redundant = 0;   // copies that the window had dropped as such

  // Within the path (RFC 4737): against the path's own highest number.
  std::uint64_t reordered = 0;
  ReorderingExtent extent{0};
  ReorderingFreeRuns free_runs;

  // Against the cluster: arrivals that found a higher number there, and how far above (numbers), and for how
  // long it had been there (nanoseconds; not of those beyond the bound).
  std::uint64_t behind = 0;
  MagnitudeHistogram behind_numbers;
  MagnitudeHistogram behind_time;

  std::uint64_t highest = 0;
  Instant last{};  // arrival
};

// What a window of `size` numbers says of itself.
struct WindowFigures {
  std::uint64_t size = 0;
  std::uint64_t late_authentic = 0;             // good packets below it, which had not come before
  std::uint64_t size_that_would_have_held = 0;  // all of them
};
// "window of 64 numbers: too small for 3 good packets, which 200 numbers would have held"; empty if it was
// not.
std::string too_small(const WindowFigures& window);

struct ClusterReport {
  ReorderingReport all;           // of the union: the numbers of a cluster are one sequence
  std::vector<PathReport> paths;  // those that brought something, by path
  std::uint64_t redundant = 0;
  std::uint64_t redundant_octets = 0;
  WindowFigures window;
};

class ClusterMetrics {
 public:
  explicit ClusterMetrics(const ReorderingOptions& options = {}) : options_(options), all_(options) {}

  // A packet that was accepted, or one whose copy was: as of ReorderingMetrics. Allocates at times.
  ArrivalOrder arrival(std::uint32_t path, SequenceNumber number, Instant now, std::uint32_t octets);
  // A copy on a second path, sent on purpose. It is in no metric of order.
  void redundant(std::uint32_t path, std::uint32_t octets);
  // The window's figures as they are now.
  void window(const WindowFigures& figures) { window_ = figures; }

  ClusterReport report() const;
  std::size_t memory_octets() const;

 private:
  struct Path {
    explicit Path(std::uint64_t bound);
    ReorderingMetrics within;
    PathReport report;
  };
  struct Skip {  // `number` came at `time` as the first above numbers that are missing
    std::uint64_t number = 0;
    Instant time{};
  };

  Path& path(std::uint32_t index);
  void behind(PathReport& report, std::uint64_t number, ArrivalOrder order, Instant now);

  ReorderingOptions options_;
  ReorderingMetrics all_;
  std::map<std::uint32_t, Path> paths_;
  GrowingRing<Skip> skips_;  // rising in number and time, down to the bound
  std::uint64_t redundant_ = 0;
  std::uint64_t redundant_octets_ = 0;
  WindowFigures window_;
};

}  // namespace mpsec::cluster
