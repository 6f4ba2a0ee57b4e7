#include "ipsec/keepalive_timer.hpp"

#include <algorithm>

namespace mpsec::ipsec {

void KeepaliveTimer::on_sa_up(Instant now) noexcept {
  until_.reset();
  if (!last_sent_) last_sent_ = now;
}

// Packets leave in order of time; one that is reported late does not turn it back.
void KeepaliveTimer::on_sent(Instant now) noexcept {
  if (last_sent_) last_sent_ = std::max(*last_sent_, now);
}

//= rfc3948/4/keepalive-only-if-nothing-else-was-sent
std::optional<Instant> KeepaliveTimer::next_deadline() const noexcept {
  if (!last_sent_ || settings_.interval <= Duration::zero()) return std::nullopt;
  const Instant due = *last_sent_ + settings_.interval;
  //= rfc3948/4/keepalives-end-some-time-after-the-last-sa
  if (until_ && due > *until_) return std::nullopt;
  return due;
}

bool KeepaliveTimer::on_time(Instant now) noexcept {
  const auto due = next_deadline();
  if (!due) {
    if (until_) last_sent_.reset();
    return false;
  }
  if (now < *due) return false;
  last_sent_ = now;
  return !until_ || now <= *until_;
}

}  // namespace mpsec::ipsec
