#include "ike/retransmission.hpp"

#include <algorithm>

namespace mpsec::ike {

std::optional<Duration> ExponentialBackOff::wait(unsigned attempt, Rng& rng) const {
  if (attempt >= settings_.tries) return std::nullopt;
  const auto limit = static_cast<double>(settings_.limit.count());
  double wait = std::min(static_cast<double>(settings_.first.count()), limit);
  for (unsigned i = 0; i < attempt && wait < limit; ++i)
    wait = std::min(wait * std::max(settings_.factor, 1.0), limit);
  const Duration base(static_cast<Duration::rep>(wait));
  const auto most = static_cast<Duration::rep>(wait * std::max(settings_.jitter, 0.0));
  if (most == 0) return base;  // without jitter nothing is drawn: a recorded run stays what it was
  return base + Duration(static_cast<Duration::rep>(rng.below(static_cast<std::uint64_t>(most) + 1)));
}

}  // namespace mpsec::ike
