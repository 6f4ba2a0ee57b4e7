// From what a file says of a cluster, and what was agreed with the peer, to what a data path needs.
#pragma once

#include "cluster/cluster_end.hpp"
#include "gateway/settings/settings.hpp"
#include "ike/actions.hpp"

namespace mpsec::gateway {

// `sub_sa`: the first of them, which the others have to equal.
cluster::ClusterParameters cluster_parameters(ipsec::ClusterId id, const std::string& name,
                                              const ike::ClusterMembership& membership,
                                              const ipsec::SaParameters& sub_sa);

// Fails (local fault) as make_scheduler does.
Result<cluster::ClusterEnd::Policy> cluster_policy(const ClusterSettings& settings,
                                                   const ike::ClusterMembership& membership, Rng& rng);

}  // namespace mpsec::gateway
