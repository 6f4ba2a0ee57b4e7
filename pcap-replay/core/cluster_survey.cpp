#include "pcap-replay/core/cluster_survey.hpp"

#include <algorithm>
#include <fmt/format.h>

namespace mpsec::replay {
namespace {

SketchedSa sketched(const Stream& stream) {
  return {.name = fmt::format("{:#010x}", stream.key().spi.value),
          .sample = stream.sketch->sample(),
          .packets = stream.packets,
          .first_number = stream.sketch->first(),
          .first_time = stream.first_time,
          .last_time = stream.last_time,
          .source = stream.source,
          .destination = stream.key().to,
          .nearest_then = stream.nearest_then};
}

ClusterClaim claim_of(const ClusterPlan& plan, const std::vector<const Stream*>& streams) {
  ClusterClaim claim;
  for (std::size_t i = 0; i < streams.size(); ++i)
    if (plan.has(streams[i]->key())) claim.sas.push_back(i);
  return claim;
}

}  // namespace

std::vector<FoundCluster> survey(const Replay& replay, const std::vector<ClusterPlan>& by_hand,
                                 const std::vector<ClusterClaim>& negotiated) {
  // Streams with sketches are the first ones, so that both have the same positions.
  std::vector<const Stream*> streams;
  std::vector<SketchedSa> sas;
  for (const Stream& stream : replay.streams()) {
    if (!stream.sketch) break;
    streams.push_back(&stream);
    sas.push_back(sketched(stream));
  }
  std::vector<ClusterClaim> claims;
  for (const ClusterPlan& plan : by_hand)
    claims.push_back(claim_of(plan, streams));
  claims.insert(claims.end(), negotiated.begin(), negotiated.end());
  std::vector<FoundCluster> found;
  for (ClusterFinding& finding : find_clusters(sas, claims)) {
    FoundCluster& cluster = found.emplace_back(std::move(finding), std::vector<StreamKey>{});
    for (const ClusterMember& member : cluster.finding.members)
      cluster.streams.push_back(streams[member.sa]->key());
  }
  return found;
}

const ReplayedCluster* account_of(const Replay& replay, const FoundCluster& cluster) {
  for (const ReplayedCluster& replayed : replay.clusters())
    for (const Stream* stream : replayed.streams)
      if (std::ranges::find(cluster.streams, stream->key()) != cluster.streams.end()) return &replayed;
  return nullptr;
}

}  // namespace mpsec::replay
