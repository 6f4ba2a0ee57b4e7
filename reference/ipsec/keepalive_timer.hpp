// When to send a NAT-keepalive (RFC 3948 4): a packet of one octet that tells a NAT the mapping is still
// needed.
#pragma once

#include <optional>

#include "base/clock.hpp"

namespace mpsec::ipsec {

// For one pair of addresses and ports through a NAT, however many SAs use it. What is received has no say: it
// proves nothing about the peer, and a NAT need not count it.
class KeepaliveTimer {
 public:
  struct Settings {
    Duration interval = std::chrono::seconds(20);  // M: without anything sent; 0 or less: never
    Duration linger = std::chrono::minutes(5);     // N: so long after the last SA is gone
  };

  KeepaliveTimer() = default;
  explicit KeepaliveTimer(const Settings& settings) : settings_(settings) {}

  // A NAT was found in front of us and there is an SA, or another one: keep its mapping.
  void on_sa_up(Instant now) noexcept;
  // The last SA is gone. Without this nothing ends.
  void on_last_sa_gone(Instant now) noexcept { until_ = now + settings_.linger; }
  // Any packet to the peer, a keepalive too.
  void on_sent(Instant now) noexcept;

  // When to call on_time; nothing while no keepalive will be due.
  std::optional<Instant> next_deadline() const noexcept;
  // True if a keepalive is to be sent now; it counts as sent. A late call asks for one, not for those missed.
  bool on_time(Instant now) noexcept;

 private:
  Settings settings_{};
  std::optional<Instant> last_sent_;  // nothing: no mapping to keep
  std::optional<Instant> until_;      // the last moment to send one, where the SAs are gone
};

}  // namespace mpsec::ipsec
