#include "ipsec/lifetime.hpp"

namespace mpsec::ipsec {

std::size_t StandardLifetimePolicy::charge(const Lifetime& lifetime, LifetimeUse& use,
                                           std::span<const std::uint32_t> octets, Instant now) noexcept {
  if (use.hard_reached) return 0;
  if (now >= lifetime.hard.until) {
    use.soft_reached = use.hard_reached = true;
    return 0;
  }
  std::uint64_t sum = 0;
  for (const std::uint32_t size : octets)
    sum += size;
  std::size_t within = 0;
  if (octets.size() <= lifetime.hard.packets - use.packets && sum <= lifetime.hard.octets - use.octets) {
    use.packets += octets.size();
    use.octets += sum;
    within = octets.size();
    octets = {};
  }
  for (const std::uint32_t size : octets) {
    if (use.packets >= lifetime.hard.packets || size > lifetime.hard.octets - use.octets) {
      use.hard_reached = true;
      break;
    }
    ++use.packets;
    use.octets += size;
    ++within;
  }
  //= rfc4301/4.4.2.1/soft-and-hard-lifetime
  use.soft_reached |= use.hard_reached || now >= lifetime.soft.until ||
                      use.packets >= lifetime.soft.packets || use.octets >= lifetime.soft.octets;
  return within;
}

}  // namespace mpsec::ipsec
