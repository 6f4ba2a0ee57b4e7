#include "ike/rate_limit.hpp"

#include <algorithm>

namespace mpsec::ike {

bool RateLimit::allow(Instant now) noexcept {
  if (settings_.interval <= Duration::zero()) return settings_.burst != 0;
  const Instant full_at = std::max(full_at_, now);
  // Each token lacks one interval; there must be one left after all that lack.
  if (full_at - now > settings_.interval * settings_.burst - settings_.interval) return false;
  full_at_ = full_at + settings_.interval;
  return true;
}

}  // namespace mpsec::ike
