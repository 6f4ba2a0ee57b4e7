// What an end says of clusters beside all else: that it knows them, and how many sub-SAs it takes.
#pragma once

#include "ike/configuration.hpp"
#include "ike/refusal.hpp"

namespace mpsec::ike {

// V, N(SA_CLUSTER_SUPPORTED).
void append_support(wire::ike::Payloads& payloads, const ClusterWish& wish);
// The refusal, and before it, where it is about clusters, what `peer` is told with the first word of them.
void append_refusal(wire::ike::Payloads& payloads, const Refusal& refusal, const PeerConfiguration& peer);

}  // namespace mpsec::ike
