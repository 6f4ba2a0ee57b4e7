// The two clocks of a running gateway.
#pragma once

#include <chrono>

#include "base/clock.hpp"
#include "crypto/certificate.hpp"

namespace mpsec::gateway {

// Time since the gateway started, which no change of the calendar moves.
class RunningClock {
 public:
  Instant now() const { return Instant(std::chrono::steady_clock::now() - start_); }
  // What the calendar said at Instant{}.
  crypto::CalendarSeconds at_start() const { return at_start_; }

 private:
  std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
  crypto::CalendarSeconds at_start_ =
      std::chrono::duration_cast<std::chrono::seconds>(std::chrono::system_clock::now().time_since_epoch())
          .count();
};

}  // namespace mpsec::gateway
