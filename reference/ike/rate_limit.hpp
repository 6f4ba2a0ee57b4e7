// How often something may happen that a forged message can cause (RFC 7296 2.4, 2.21.4).
#pragma once

#include "base/clock.hpp"

namespace mpsec::ike {

//= rfc7296/2.21.4/replies-to-unprotected-messages-are-limited
//= rfc7296/2.4/actions-on-unprotected-messages-are-limited
// A token bucket without tokens: it only remembers when it would be full again. One for each thing that is
// limited: error replies outside of any IKE SA, liveness checks of one IKE SA on a hint, INVALID_MESSAGE_ID.
class RateLimit {
 public:
  struct Settings {
    Duration interval = std::chrono::milliseconds(100);  // one more each; 0 or less: no limit
    unsigned burst = 10;                                 // so many at once after a quiet time; 0: never any
  };

  RateLimit() = default;
  explicit RateLimit(const Settings& settings) : settings_(settings) {}

  // True if it may happen now; it then counts as having happened.
  bool allow(Instant now) noexcept;

 private:
  Settings settings_{};
  Instant full_at_{Instant::min()};
};

}  // namespace mpsec::ike
