// What speaks for and against SAs being one cluster, in words and figures.
#pragma once

#include "pcap-replay/cluster/cluster_detector.hpp"

namespace mpsec::replay {

// Of the members of a finding, all that their numbers tell.
void add_evidence(ClusterFinding& finding, const std::vector<SketchedSa>& sas);

// Of SAs that were not found to be a cluster.
void add_evidence_of_none(ClusterFinding& finding, const std::vector<SketchedSa>& sas);

// Of somebody who says so.
void add_claim(ClusterFinding& finding, const ClusterClaim& claim);

// One SA's numbers against those of all others of its group, for each of them.
std::vector<NumberOverlap> against_the_rest(const std::vector<ClusterMember>& members,
                                            const std::vector<SketchedSa>& sas);

}  // namespace mpsec::replay
