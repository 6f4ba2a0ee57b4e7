// When to send a request again, and when to give the peer up (RFC 7296 2.1, 2.4).
#pragma once

#include <optional>

#include "base/clock.hpp"
#include "base/rng.hpp"

namespace mpsec::ike {

class RetransmissionPolicy {
 public:
  virtual ~RetransmissionPolicy() = default;
  // How long to wait for the response after sending number `attempt` (0: the first one, 1: the first
  // retransmission); nothing: there is no such sending, the peer is given up instead.
  virtual std::optional<Duration> wait(unsigned attempt, Rng& rng) const = 0;
};

//= rfc7296/2.4/retransmission-times-grow-exponentially
//= rfc7296/2.4/a-dozen-tries-over-minutes
// first, first * factor, first * factor^2, ... but never more than `limit`; each lengthened by a random
// part of itself, so that many peers that lost one gateway do not come back all at once.
class ExponentialBackOff final : public RetransmissionPolicy {
 public:
  struct Settings {
    Duration first = std::chrono::seconds(1);
    double factor = 2;                          // not below 1
    Duration limit = std::chrono::seconds(30);  // of one wait, before jitter
    unsigned tries = 12;                        // sendings in all; with the other values about four minutes
    double jitter = 0.1;                        // the largest part of a wait that may be added to it; 0: none
  };

  ExponentialBackOff() = default;
  explicit ExponentialBackOff(const Settings& settings) : settings_(settings) {}
  std::optional<Duration> wait(unsigned attempt, Rng& rng) const override;

 private:
  Settings settings_{};
};

}  // namespace mpsec::ike
