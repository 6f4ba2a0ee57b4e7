#include "pcap-replay/cluster/cluster_detector.hpp"

#include <algorithm>
#include <cmath>
#include <map>
#include <numeric>
#include <tuple>

#include "pcap-replay/cluster/cluster_evidence.hpp"
#include "pcap-replay/cluster/sa_pairs.hpp"

namespace mpsec::replay {
namespace {

ClusterFinding finding_of(const std::vector<std::size_t>& sas) {
  ClusterFinding finding;
  for (const std::size_t sa : sas)
    finding.members.push_back({sa});
  return finding;
}

// Those with most packets, in ascending order.
std::vector<std::size_t> busiest(const std::vector<SketchedSa>& sas, std::size_t most) {
  std::vector<std::size_t> chosen(sas.size());
  std::iota(chosen.begin(), chosen.end(), 0);
  if (chosen.size() <= most) return chosen;
  std::ranges::sort(chosen, {}, [&](std::size_t sa) { return std::pair(~sas[sa].packets, sa); });
  chosen.resize(most);
  std::ranges::sort(chosen);
  return chosen;
}

class Detector {
 public:
  Detector(const std::vector<SketchedSa>& sas, const DetectorOptions& options)
      : sas_(sas), options_(options), pairs_(sas, busiest(sas, options.most_compared)), taken_(sas.size()) {
    const auto compared = static_cast<double>(pairs_.compared().size());
    doubt_ = std::log(std::max(1.0, compared * (compared - 1) / 2));
  }

  std::vector<ClusterFinding> operator()(const std::vector<ClusterClaim>& claims) {
    for (const ClusterClaim& claim : claims)
      take_claim(claim);
    for (const auto& group : pairs_.groups())
      take_group(group);
    std::ranges::sort(findings_, {},
                      [](const ClusterFinding& finding) { return finding.members.front().sa; });
    add_others();
    return std::move(findings_);
  }

 private:
  void take_claim(const ClusterClaim& claim) {
    ClusterFinding finding = finding_of(claim.sas);
    std::erase_if(finding.members, [&](const ClusterMember& member) { return taken_[member.sa]; });
    if (finding.members.empty()) return;
    judge(finding);
    finding.by_hand = claim.by == ClusterClaim::By::hand;
    if (claim.by == ClusterClaim::By::negotiation && finding.verdict == ClusterVerdict::too_little)
      finding.verdict = ClusterVerdict::likely;
    add_claim(finding, claim);
    take(std::move(finding));
  }

  void take_group(std::vector<std::size_t> group) {
    std::erase_if(group, [&](std::size_t sa) { return taken_[sa]; });
    ClusterFinding finding = finding_of(group);
    judge(finding);
    // Those whose numbers tell nothing may be anybody's; without them the others may tell more.
    if (std::erase_if(finding.members, [](const ClusterMember& member) {
          return member.verdict == ClusterVerdict::too_little || member.verdict == ClusterVerdict::no;
        }) != 0)
      judge(finding);
    const bool found =
        finding.verdict == ClusterVerdict::cluster || finding.verdict == ClusterVerdict::likely;
    if (found && finding.members.size() >= 2) take(std::move(finding));
  }

  void take(ClusterFinding finding) {
    for (const ClusterMember& member : finding.members)
      taken_[member.sa] = true;
    add_evidence(finding, sas_);
    findings_.push_back(std::move(finding));
  }

  void judge(ClusterFinding& finding) const {
    finding.needed = options_.strength_needed + doubt_;
    const std::vector<NumberOverlap> overlaps = against_the_rest(finding.members, sas_);
    for (std::size_t i = 0; i < overlaps.size(); ++i)
      judge(finding.members[i], overlaps[i], finding);
    std::vector<double> strengths;
    for (const ClusterMember& member : finding.members)
      strengths.push_back(member.strength);
    std::ranges::sort(strengths, std::ranges::greater{});
    // Two that belong together are a cluster, whatever else may belong to it.
    finding.strength = strengths.size() < 2 ? 0 : strengths[1];
    finding.verdict = verdict_for(finding.strength);
    const bool contradicted = std::ranges::any_of(
        finding.members, [](const ClusterMember& member) { return member.verdict == ClusterVerdict::no; });
    if (contradicted) finding.verdict = ClusterVerdict::no;
  }

  void judge(ClusterMember& member, const NumberOverlap& overlap, const ClusterFinding& finding) const {
    const bool copies = are_copies(overlap);
    member.strength = copies ? static_cast<double>(overlap.same_content) : overlap.strength();
    member.verdict = verdict_for(member.strength);
    if (contradict(overlap)) member.verdict = ClusterVerdict::no;
    if (member.verdict != ClusterVerdict::too_little || !joined_late(member, finding)) return;
    member.verdict = ClusterVerdict::likely;
  }

  // Where a sub-SA that joined late is too short for its numbers to tell, where they began does.
  bool joined_late(const ClusterMember& member, const ClusterFinding& finding) const {
    const auto& nearest = sas_[member.sa].nearest_then;
    return nearest && std::ranges::any_of(finding.members, [&](const ClusterMember& other) {
             return other.sa == nearest->first && other.verdict != ClusterVerdict::no;
           });
  }

  ClusterVerdict verdict_for(double strength) const {
    if (strength >= options_.strength_needed + doubt_) return ClusterVerdict::cluster;
    return strength >= options_.strength_likely + doubt_ ? ClusterVerdict::likely
                                                         : ClusterVerdict::too_little;
  }

  // SAs from one address to one other that are no cluster, so that the report says why.
  void add_others() {
    using Path = std::tuple<std::uint64_t, std::uint64_t, std::uint64_t, std::uint64_t>;
    std::map<Path, std::vector<std::size_t>> paths;
    for (const std::size_t sa : pairs_.compared()) {
      const AddressBits &from = sas_[sa].source, &to = sas_[sa].destination;
      if (!taken_[sa]) paths[{from.high, from.low, to.high, to.low}].push_back(sa);
    }
    std::vector<std::vector<std::size_t>> groups;
    for (auto& [path, group] : paths)
      if (group.size() >= 2) groups.push_back(std::move(group));
    std::ranges::sort(groups);
    for (const auto& group : groups) {
      ClusterFinding finding = finding_of(group);
      finding.needed = options_.strength_needed + doubt_;
      add_evidence_of_none(finding, sas_);
      findings_.push_back(std::move(finding));
    }
  }

  const std::vector<SketchedSa>& sas_;
  const DetectorOptions& options_;
  SaPairs pairs_;
  std::vector<bool> taken_;
  double doubt_ = 0;
  std::vector<ClusterFinding> findings_;
};

}  // namespace

std::string_view to_string(ClusterVerdict verdict) {
  switch (verdict) {
    case ClusterVerdict::cluster:
      return "cluster";
    case ClusterVerdict::likely:
      return "likely";
    case ClusterVerdict::no:
      return "no";
    case ClusterVerdict::too_little:
      return "too little traffic";
  }
  return "";
}

std::vector<ClusterFinding> find_clusters(const std::vector<SketchedSa>& sas,
                                          const std::vector<ClusterClaim>& claims,
                                          const DetectorOptions& options) {
  return Detector(sas, options)(claims);
}

}  // namespace mpsec::replay
