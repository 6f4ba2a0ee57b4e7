// Policies that can never apply, because earlier ones take all their packets: almost always a mistake of who
// wrote them.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include "ipsec/spd.hpp"

namespace mpsec::ipsec {

struct ShadowedPolicy {
  std::shared_ptr<const Policy> policy;
  // Ascending in order: one policy that takes everything, or several that do so together.
  std::vector<std::shared_ptr<const Policy>> by;
};
// "policy 7 'web' never applies: policy 3 'all' takes all its packets"; several are named up to three.
std::string to_string(const ShadowedPolicy& shadowed);

struct ShadowReport {
  std::vector<ShadowedPolicy> shadowed;
  std::size_t policies_examined = 0;  // from the front; fewer than there are if the lookups ran out
  bool complete = true;
};

// Every policy whose boxes each lie within one box of an earlier policy is found, in all directions and
// families where it applies. One that only several boxes cover together is found if that shows within 32
// steps; none is named wrongly. Takes at most `lookups` lookups in the snapshot, each of which costs what a
// packet's does.
ShadowReport find_shadowed(const SpdSnapshot& snapshot, std::size_t lookups = 20'000'000);

}  // namespace mpsec::ipsec
