// Policies and packets as SPD benchmarks want them: many, overlapping, and the same on every machine.
#pragma once

#include <string_view>
#include <vector>

#include "base/rng.hpp"
#include "ipsec/spd.hpp"

namespace mpsec::bench {

enum class PolicyKind : std::uint8_t {
  wide,      // both ends of every address and port range drawn at random: the first match comes early
  narrow,    // 95 % of the address ranges hold at most 4096 addresses, 5 % are wide; ports single or any
  any_size,  // lengths of all orders of magnitude, equally often
  one_axis,  // wide on three of addresses and ports, narrow on one: nothing separates them all
  prefixes,  // as access lists are: nested prefixes, well-known ports, a default
};
inline constexpr PolicyKind policy_kinds[] = {PolicyKind::wide, PolicyKind::narrow, PolicyKind::any_size,
                                              PolicyKind::one_axis, PolicyKind::prefixes};
std::string_view to_string(PolicyKind kind);

class PolicyMix {
 public:
  PolicyMix(PolicyKind kind, IpVersion version, std::uint64_t seed = 1)
      : kind_(kind), version_(version), rng_(seed) {}

  // An SPD of `count` outbound policies.
  ipsec::Spd spd(std::size_t count);
  // Half of them anywhere, half within a policy drawn at random.
  std::vector<ipsec::PacketSelectors> packets(const ipsec::PolicyList& policies, std::size_t count);

 private:
  ipsec::Selector selector();
  ipsec::AddressRange addresses(bool narrow);
  ipsec::PortSelector ports(bool narrow);
  ipsec::AddressRange prefix();
  IpAddress address();
  std::uint16_t port() { return static_cast<std::uint16_t>(rng_.below(65536)); }

  PolicyKind kind_;
  IpVersion version_;
  SeededRng rng_;
};

}  // namespace mpsec::bench
