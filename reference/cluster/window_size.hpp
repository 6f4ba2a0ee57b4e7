// How large a cluster's window must be, so that leases and paths of unequal length lose nothing to it.
#pragma once

#include <cstdint>

#include "base/clock.hpp"
#include "base/error.hpp"

namespace mpsec::cluster {

// What displaces numbers on their way from the counter to the peer's window.
struct Displacement {
  std::uint32_t workers = 1;             // that hold leases at one time
  std::uint32_t lease = 0;               // numbers in a lease; 0: none are used
  Duration skew{};                       // of the slowest path against the fastest
  std::uint64_t packets_per_second = 0;  // of the whole cluster
};

// workers x lease + skew x rate, rounded up; at most 2^64-1. A negative skew counts as none.
std::uint64_t window_needed(const Displacement& displacement) noexcept;

// Fails naming what is needed and what there is.
Result<> check_window_size(std::uint32_t window, const Displacement& displacement);

}  // namespace mpsec::cluster
