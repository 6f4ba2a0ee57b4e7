// From what a file says of a cluster, and what was agreed with the peer, to what a data path needs.
#pragma once

#include "cluster/cluster_end.hpp"
#include "gateway/settings/settings.hpp"
#include "ike/actions.hpp"

namespace mpsec::gateway {

// What is agreed by configuration alone, as a membership that nobody has negotiated.
ike::ClusterMembership configured_membership(const ClusterSettings& settings);

// `sub_sa`: the first of them, which the others have to equal.
cluster::ClusterParameters cluster_parameters(ipsec::ClusterId id, const ike::ClusterMembership& membership,
                                              const ipsec::SaParameters& sub_sa,
                                              const ClusterSettings& settings);

// Fails (local fault) as make_scheduler does.
Result<cluster::ClusterEnd::Policy> cluster_policy(const ClusterSettings& settings,
                                                   const ike::ClusterMembership& membership, Rng& rng);

}  // namespace mpsec::gateway
