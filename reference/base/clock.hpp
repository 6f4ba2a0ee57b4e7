// Time as the engine sees it: a value that is passed in, never read.
#pragma once

#include <chrono>

namespace mpsec {

using Duration = std::chrono::nanoseconds;

// A clock without now(): who drives the engine (simulator, gateway, test) says what time it is.
struct EngineClock {
  using duration = Duration;
  using rep = duration::rep;
  using period = duration::period;
  using time_point = std::chrono::time_point<EngineClock>;
  static constexpr bool is_steady = true;
};

using Instant = EngineClock::time_point;

}  // namespace mpsec
