// Deadlines of SAs.
#pragma once

#include <optional>

#include "ike/configuration.hpp"
#include "ike/turn.hpp"

namespace mpsec::ike {

inline std::optional<Instant> earlier(const std::optional<Instant>& left,
                                      const std::optional<Instant>& right) {
  if (!left) return right;
  if (!right) return left;
  return *left < *right ? left : right;
}

// A duration up to `share` of `whole`, at random.
inline Duration random_share(Duration whole, double share, Rng& rng) {
  const double most = static_cast<double>(whole.count()) * share;
  return Duration(most < 1 ? 0 : static_cast<Duration::rep>(rng.below(static_cast<std::uint64_t>(most))));
}

//= rfc7296/2.8.1/rekey-times-are-jittered
inline Instant rekey_time(const SaLifetime& lifetime, Turn& turn) {
  return turn.now + lifetime.rekey_after - random_share(lifetime.rekey_after, lifetime.jitter, turn.rng);
}

}  // namespace mpsec::ike
