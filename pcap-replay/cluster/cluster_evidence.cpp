#include "pcap-replay/cluster/cluster_evidence.hpp"

#include <algorithm>
#include <bit>
#include <fmt/format.h>

#include "pcap-replay/cluster/sa_pairs.hpp"

namespace mpsec::replay {
namespace {

// Of all members together, each against the rest.
struct Together {
  double expected = 0;
  std::uint64_t both = 0;
  std::uint64_t alternations = 0;
  std::uint64_t compared = 0, same_content = 0;
};

Together sum_of(const std::vector<NumberOverlap>& overlaps) {
  Together sum;
  for (const NumberOverlap& overlap : overlaps) {
    // Each number that two members have is seen from both.
    sum.expected += overlap.expected() / 2;
    sum.both += overlap.both;
    sum.alternations += overlap.alternations;
    sum.compared += overlap.compared;
    sum.same_content += overlap.same_content;
  }
  sum.both = (sum.both + 1) / 2;
  return sum;
}

double fill_of(const NumberSample& sample) {
  std::uint64_t room = 0;
  for (const NumberBlock& block : sample.blocks)
    room += static_cast<std::uint64_t>(std::popcount(sample.range.mask(block.block)));
  return room == 0 ? 0 : static_cast<double>(sample.numbers()) / static_cast<double>(room);
}

void add_numbers(ClusterFinding& finding, const Together& sum) {
  const bool apart = static_cast<double>(sum.both) < sum.expected / 2;
  finding.evidence.push_back({"shared numbers",
                              apart,
                              fmt::format("of the numbers looked at {} came under two SAs; independent "
                                          "counters would have shared about {:.0f}",
                                          sum.both, sum.expected),
                              {{"both", static_cast<double>(sum.both)}, {"expected", sum.expected}}});
  if (sum.compared != 0)
    finding.evidence.push_back(
        {"duplicated numbers",
         are_copies({.compared = sum.compared, .same_content = sum.same_content}),
         fmt::format("of {} numbers under two SAs whose packets were opened, {} had the same packet in both",
                     sum.compared / 2, sum.same_content / 2),
         {{"compared", static_cast<double>(sum.compared / 2)},
          {"same", static_cast<double>(sum.same_content / 2)}}});
  if (sum.alternations != 0)
    finding.evidence.push_back({"interleaved",
                                true,
                                fmt::format("along the numbers another SA has the next one {} times",
                                            sum.alternations / finding.members.size()),
                                {{"alternations", static_cast<double>(sum.alternations)}}});
}

void add_density(ClusterFinding& finding, const std::vector<SketchedSa>& sas) {
  NumberSample all = sas[finding.members.front().sa].sample;
  double least = 1, most = 0;
  for (const ClusterMember& member : finding.members) {
    const double fill = fill_of(sas[member.sa].sample);
    least = std::min(least, fill), most = std::max(most, fill);
    all = union_of(all, sas[member.sa].sample);
  }
  const double together = fill_of(all);
  finding.evidence.push_back(
      {"density",
       together > most + 0.05,
       fmt::format("each alone has {:.0f} to {:.0f} % of the numbers around its own, all together {:.0f} %",
                   least * 100, most * 100, together * 100),
       {{"least", least}, {"most", most}, {"together", together}}});
}

void add_times(ClusterFinding& finding, const std::vector<SketchedSa>& sas) {
  std::size_t pairs = 0, together = 0;
  for (std::size_t second = 0; second < finding.members.size(); ++second)
    for (std::size_t first = 0; first < second; ++first, ++pairs)
      together += alive_together(sas[finding.members[first].sa], sas[finding.members[second].sa]) ? 1 : 0;
  if (pairs == 0) return;
  finding.evidence.push_back(
      {"same time",
       together != 0,
       fmt::format("{} of {} pairs of these SAs had packets in the same time", together, pairs),
       {{"together", static_cast<double>(together)}, {"pairs", static_cast<double>(pairs)}}});
}

// An ordinary SA begins at 1 whenever it begins; a sub-SA where the cluster stands.
void add_starts(ClusterFinding& finding, const std::vector<SketchedSa>& sas) {
  constexpr std::uint64_t first_numbers = 2;
  std::size_t from_one = 0;
  for (const ClusterMember& member : finding.members) {
    const SketchedSa& sa = sas[member.sa];
    from_one += sa.sample.range.from <= 1 ? 1 : 0;
    const bool known = sa.nearest_then && std::ranges::find(finding.members, sa.nearest_then->first,
                                                            &ClusterMember::sa) != finding.members.end();
    if (!known) continue;
    finding.evidence.push_back({"late joiner",
                                true,
                                fmt::format("{} began at {} when another one's highest was {}", sa.name,
                                            sa.first_number, sa.nearest_then->second),
                                {{"first", static_cast<double>(sa.first_number)},
                                 {"highest", static_cast<double>(sa.nearest_then->second)}}});
  }
  if (from_one >= first_numbers)
    finding.evidence.push_back(
        {"counting from 1",
         false,
         fmt::format("{} of {} SAs have the number 1", from_one, finding.members.size()),
         {{"from_one", static_cast<double>(from_one)}}});
}

// Numbers of two SAs that are alive together, dense, and nowhere near each other.
bool far_apart(const SketchedSa& first, const SketchedSa& second) {
  constexpr std::uint64_t enough = 16;
  const auto dense = [](const SketchedSa& sa) {
    return sa.sample.numbers() >= enough && fill_of(sa.sample) >= 0.9;
  };
  return alive_together(first, second) && dense(first) && dense(second) &&
         overlap_of(first.sample, second.sample).room == 0;
}

}  // namespace

std::vector<NumberOverlap> against_the_rest(const std::vector<ClusterMember>& members,
                                            const std::vector<SketchedSa>& sas) {
  const std::size_t count = members.size();
  if (count < 2) return std::vector<NumberOverlap>(count);
  // behind[i]: all from i on together.
  std::vector<NumberSample> behind(count);
  behind[count - 1] = sas[members[count - 1].sa].sample;
  for (std::size_t i = count - 1; i-- > 1;)
    behind[i] = union_of(sas[members[i].sa].sample, behind[i + 1]);
  std::vector<NumberOverlap> overlaps;
  NumberSample before;
  for (std::size_t i = 0; i < count; ++i) {
    const NumberSample& own = sas[members[i].sa].sample;
    const NumberSample rest = i == 0 ? behind[1] : i + 1 == count ? before : union_of(before, behind[i + 1]);
    overlaps.push_back(overlap_of(own, rest));
    before = i == 0 ? own : union_of(before, own);
  }
  return overlaps;
}

void add_evidence(ClusterFinding& finding, const std::vector<SketchedSa>& sas) {
  add_numbers(finding, sum_of(against_the_rest(finding.members, sas)));
  add_density(finding, sas);
  add_times(finding, sas);
  add_starts(finding, sas);
}

void add_evidence_of_none(ClusterFinding& finding, const std::vector<SketchedSa>& sas) {
  Together sum;
  std::size_t apart = 0;
  for (std::size_t second = 0; second < finding.members.size(); ++second) {
    for (std::size_t first = 0; first < second; ++first) {
      const SketchedSa &one = sas[finding.members[first].sa], &other = sas[finding.members[second].sa];
      const NumberOverlap overlap = overlap_of(one.sample, other.sample);
      sum.both += overlap.both;
      sum.expected += overlap.expected();
      apart += far_apart(one, other) ? 1 : 0;
    }
  }
  const bool contradicted = static_cast<double>(sum.both) * 2 >= sum.expected && sum.both != 0;
  finding.verdict = contradicted || apart != 0 ? ClusterVerdict::no : ClusterVerdict::too_little;
  for (ClusterMember& member : finding.members)
    member.verdict = finding.verdict;
  add_numbers(finding, sum);
  if (apart != 0)
    finding.evidence.push_back(
        {"far apart",
         false,
         fmt::format("{} pairs of SAs alive together have all of their own numbers, far from each other's",
                     apart),
         {{"pairs", static_cast<double>(apart)}}});
  add_times(finding, sas);
  add_starts(finding, sas);
}

void add_claim(ClusterFinding& finding, const ClusterClaim& claim) {
  const bool by_hand = claim.by == ClusterClaim::By::hand;
  finding.evidence.push_back({by_hand ? "named by hand" : "negotiated",
                              true,
                              by_hand ? "these SPIs were named on the command line" : claim.where,
                              {}});
}

}  // namespace mpsec::replay
