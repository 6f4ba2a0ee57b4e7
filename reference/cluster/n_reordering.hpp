// n-reordering of RFC 4737 section 5: would TCP's duplicate-acknowledgement rule have fired?
#pragma once

#include <cstdint>
#include <optional>

#include "cluster/growing_ring.hpp"

namespace mpsec::cluster {

// For each arrival, copies included: how many arrivals just before it, without a break, had a larger number.
// Holds the arrivals no later one has undercut, as runs of consecutive numbers: amortised O(1) an arrival.
class NReordering {
 public:
  // The largest n for which the packet is n-reordered; 0 if for none. Numbers below `floor`, which only
  // rises, are not asked about any more, so that what serves only them is forgotten.
  //= rfc4737/5.3/n-reordered-when-the-n-before-are-all-larger
  std::uint64_t arrival(std::uint64_t number, std::uint64_t floor) {
    ++arrivals_;
    // The last run goes on. How long it has become is seen from arrivals_ when it ends.
    if (number == next_number_ && arrivals_ > 1) {
      ++next_number_;
      return 0;
    }
    return start_run(number, floor);
  }

  std::uint64_t arrivals() const { return arrivals_; }
  std::size_t memory_octets() const { return runs_.memory_octets(); }

 private:
  // Arrivals index .. index + length - 1 had the numbers number .. number + length - 1.
  struct Run {
    std::uint64_t number;
    std::uint64_t index;
    std::uint64_t length;
  };

  std::uint64_t start_run(std::uint64_t number, std::uint64_t floor);

  GrowingRing<Run> runs_;
  std::uint64_t next_number_ = 0;  // that would continue the last run, whose length is not kept up to date
  std::uint64_t arrivals_ = 0;
};

}  // namespace mpsec::cluster
