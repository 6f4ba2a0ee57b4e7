// Reordering, duplication and loss of one packet stream, measured as it arrives: RFC 4737 and RFC 5236.
#pragma once

#include <cstdint>
#include <optional>

#include "base/clock.hpp"
#include "base/strong.hpp"
#include "cluster/n_reordering.hpp"
#include "cluster/received_window.hpp"
#include "cluster/reorder_buffer_density.hpp"
#include "cluster/reorder_density.hpp"
#include "cluster/reordering_extent.hpp"

namespace mpsec::cluster {

struct ReorderingOptions {
  // Everything is exact for packets at most so many sequence numbers below the highest before them. Those
  // farther below are counted as beyond the bound: reordered, or copies, nobody can say any more.
  std::uint64_t bound = 65536;
  std::uint64_t displacement_threshold = 65536;  // DT of RFC 5236 3.4
  std::uint64_t buffer_threshold = 65536;        // BT of RFC 5236 3.9
  // The number the sender began with, where it is known. Else the first arrival is the start: what comes
  // from below it is reordered, but was not lost meanwhile.
  std::optional<SequenceNumber> first = std::nullopt;
};

// What one arrival was.
enum class ArrivalOrder : std::uint8_t {
  in_order,       // the next expected number
  discontinuity,  // in order, but numbers before it are missing (RFC 4737 3.4)
  reordered,      // below the next expected number, and had not come before
  duplicate,      // had come before
  beyond_bound,   // reordered or duplicate: too far below the highest to tell
};

// RFC 4737 4.6: runs of in-order packets between reordered ones.
struct ReorderingFreeRuns {
  std::uint64_t runs = 0;            // x, also the number of reordered packets
  std::uint64_t in_order = 0;        // a
  std::uint64_t square_sum = 0;      // q; stays at 2^64 - 1 when it would be larger
  std::uint64_t current_length = 0;  // r

  double mean() const { return runs == 0 ? 0.0 : static_cast<double>(in_order) / static_cast<double>(runs); }
  // (q/a)/(a/x): 1 when all runs are equally long, more the more they differ.
  double variability() const;
};

struct ReorderingReport {
  std::uint64_t bound = 0;
  std::uint64_t arrivals = 0;
  std::uint64_t octets = 0;        // of all arrivals
  std::uint64_t received = 0;      // L: arrivals without the copies
  std::uint64_t duplicates = 0;    // at least, if beyond_bound is not 0
  std::uint64_t beyond_bound = 0;  // in `received` and `reordered` too
  std::uint64_t lowest = 0;        // sequence numbers; 0 when nothing came
  std::uint64_t highest = 0;
  std::uint64_t lost = 0;  // numbers from lowest (or the known first) to highest that did not come; at most
  std::uint64_t gaps = 0;  // runs of such numbers
  std::uint64_t discontinuities = 0;      // RFC 4737 3.4, when the packet came
  MagnitudeHistogram discontinuity_size;  // numbers missing then
  std::uint64_t reordered = 0;            // RFC 4737 3
  double reordered_ratio() const {        // RFC 4737 4.1
    return received == 0 ? 0.0 : static_cast<double>(reordered) / static_cast<double>(received);
  }
  ReorderingExtent extent{0};      // RFC 4737 4.2 to 4.5; without packets beyond the bound
  ReorderingFreeRuns free_runs;    // RFC 4737 4.6
  CountHistogram n_reordering{0};  // arrivals by the largest n they are n-reordered for (n > 0)
  std::uint64_t n_reordered(std::uint64_t n) const;       // arrivals that are n-reordered, RFC 4737 5.3
  double degree_of_n_reordering(std::uint64_t n) const {  // definition 2, over all arrivals
    return arrivals == 0 ? 0.0 : static_cast<double>(n_reordered(n)) / static_cast<double>(arrivals);
  }
  ReorderDensity density{0};               // RFC 5236 3.6
  ReorderBufferDensity buffer_density{0};  // RFC 5236 3.11
};

// Copies are noted and, but for n-reordering, which RFC 4737 5.2 defines over them too, left out of all
// metrics. A stream in order costs a few hundred octets; the worst one O(bound + DT + BT).
class ReorderingMetrics {
 public:
  explicit ReorderingMetrics(const ReorderingOptions& options = {});

  // The packet `number` arrived at `time` with `octets` of payload. Amortised constant time.
  ArrivalOrder arrival(SequenceNumber number, Instant time, std::uint32_t octets);

  // The metrics of what arrived so far, as if the stream ended here. O(bound + DT).
  ReorderingReport report() const;

  std::uint64_t arrivals() const { return n_reordering_.arrivals(); }
  SequenceNumber highest() const { return SequenceNumber(window_.top()); }
  // Beside this object itself.
  std::size_t memory_octets() const;

 private:
  void start(std::uint64_t number);
  ArrivalOrder above(std::uint64_t number, Instant time, std::uint32_t octets);
  ArrivalOrder below(std::uint64_t number, Instant time, std::uint32_t octets);
  void fill_gap(std::uint64_t number);
  void count_reordered();

  ReorderingOptions options_;
  bool started_ = false;
  std::uint64_t octets_ = 0;
  std::uint64_t in_order_octets_ = 0;
  std::uint64_t received_ = 0;
  std::uint64_t duplicates_ = 0;
  std::uint64_t beyond_bound_ = 0;
  std::uint64_t lowest_ = 0;
  std::uint64_t missing_ = 0;
  std::uint64_t gaps_ = 0;
  std::uint64_t discontinuities_ = 0;
  std::uint64_t reordered_ = 0;
  ReorderingFreeRuns free_runs_;
  ReceivedWindow window_;
  NReordering n_reordering_;
  ReorderBufferDensity buffer_density_;
  ReorderDensity density_;
  ReorderingExtent extent_;
  MagnitudeHistogram discontinuity_size_;
  CountHistogram n_reordered_;
};

}  // namespace mpsec::cluster
