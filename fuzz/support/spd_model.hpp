// The SPD as RFC 4301 4.4.1 explains it: a list, searched from the front.
#pragma once

#include "ipsec/spd.hpp"
#include "support/draw.hpp"

namespace mpsec::fuzz {

// The first policy that applies to the packet's direction and has a selector set which matches it.
const ipsec::Policy* first_match(const ipsec::PolicyList& policies, const ipsec::PacketSelectors& packet);

// A policy, often not a valid one, whose ranges overlap others' and end where others' do.
ipsec::Policy draw_policy(Draw& draw);
ipsec::PacketSelectors draw_packet(Draw& draw);

// True if, after every edit that `octets` ask for, the list is what a plain list would be, lookups are the
// search from the front, and no packet meets a policy that is said to be shadowed.
bool spd_agrees(OctetView octets);

}  // namespace mpsec::fuzz
