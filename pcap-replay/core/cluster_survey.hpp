// The clusters of a replayed capture.
#pragma once

#include <vector>

#include "pcap-replay/cluster/cluster_detector.hpp"
#include "pcap-replay/core/replay.hpp"

namespace mpsec::replay {

// What the detector found, with the names of the SAs it stands for: those outlive the replay they were found
// in.
struct FoundCluster {
  ClusterFinding finding;
  std::vector<StreamKey> streams;  // by the finding's members

  bool is_one() const {
    return finding.verdict == ClusterVerdict::cluster || finding.verdict == ClusterVerdict::likely;
  }
};

// Of what was replayed so far. The plans that the replay was given are claims by hand; `negotiated` are those
// that were read in IKE messages, their SAs by the order of the streams.
std::vector<FoundCluster> survey(const Replay& replay, const std::vector<ClusterPlan>& by_hand,
                                 const std::vector<ClusterClaim>& negotiated = {});

// The account that a replay kept of a cluster; nullptr where it was given no plan for it.
const ReplayedCluster* account_of(const Replay& replay, const FoundCluster& cluster);

}  // namespace mpsec::replay
