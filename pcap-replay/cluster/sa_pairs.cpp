#include "pcap-replay/cluster/sa_pairs.hpp"

#include <algorithm>
#include <numeric>
#include <tuple>

namespace mpsec::replay {
namespace {

constexpr double weakest_link = 1;       // alone no evidence: it says what to look at together
constexpr std::uint64_t few_copies = 8;  // so many equal packets are no accident

// An address that sends for one and receives for the other: the two directions of a pair of gateways.
bool opposite(const SketchedSa& first, const SketchedSa& second) {
  return first.source == second.destination || first.destination == second.source;
}

bool joined_at(const SketchedSa& joiner, std::size_t index, const SketchedSa& other) {
  return joiner.nearest_then && joiner.nearest_then->first == index && other.first_time <= joiner.first_time;
}

}  // namespace

bool alive_together(const SketchedSa& first, const SketchedSa& second) {
  return first.first_time <= second.last_time && second.first_time <= first.last_time;
}

bool are_copies(const NumberOverlap& overlap) {
  return overlap.compared >= few_copies && overlap.same_content * 10 >= overlap.compared * 9;
}

bool contradict(const NumberOverlap& overlap) {
  return overlap.both != 0 && static_cast<double>(overlap.both) * 2 >= overlap.expected() &&
         !are_copies(overlap);
}

SaPairs::SaPairs(const std::vector<SketchedSa>& sas, std::vector<std::size_t> compared)
    : sas_(&sas), compared_(std::move(compared)), excluded_(compared_.size() * compared_.size()) {
  for (std::size_t second = 0; second < compared_.size(); ++second)
    for (std::size_t first = 0; first < second; ++first)
      compare(first, second);
  // The order is a total one: libstdc++'s stable sort does not compile without warnings under Clang.
  std::ranges::sort(links_, {},
                    [](const SaLink& link) { return std::tuple(-link.strength, link.second, link.first); });
}

void SaPairs::compare(std::size_t first, std::size_t second) {
  const SketchedSa &one = (*sas_)[compared_[first]], &other = (*sas_)[compared_[second]];
  const NumberOverlap overlap = opposite(one, other) ? NumberOverlap{} : overlap_of(one.sample, other.sample);
  const bool excluded = opposite(one, other) || contradict(overlap);
  excluded_[first * compared_.size() + second] = excluded_[second * compared_.size() + first] = excluded;
  if (excluded || !alive_together(one, other)) return;
  double strength = are_copies(overlap) ? static_cast<double>(overlap.same_content) : overlap.strength();
  if (joined_at(one, compared_[second], other) || joined_at(other, compared_[first], one))
    strength = std::max(strength, weakest_link);
  if (strength >= weakest_link) links_.push_back({first, second, strength});
}

bool SaPairs::may_join(const std::vector<std::size_t>& group, const std::vector<std::size_t>& other) const {
  return std::ranges::none_of(group, [&](std::size_t first) {
    return std::ranges::any_of(
        other, [&](std::size_t second) { return excluded_[first * compared_.size() + second]; });
  });
}

std::vector<std::vector<std::size_t>> SaPairs::groups() const {
  std::vector<std::vector<std::size_t>> groups(compared_.size());
  std::vector<std::size_t> group_of(compared_.size());
  std::iota(group_of.begin(), group_of.end(), 0);
  for (std::size_t position = 0; position < groups.size(); ++position)
    groups[position] = {position};
  for (const SaLink& link : links_) {
    std::size_t into = group_of[link.first], from = group_of[link.second];
    if (into == from || !may_join(groups[into], groups[from])) continue;
    if (groups[into].size() < groups[from].size()) std::swap(into, from);
    for (const std::size_t position : groups[from])
      group_of[position] = into;
    groups[into].insert(groups[into].end(), groups[from].begin(), groups[from].end());
    groups[from].clear();
  }
  std::erase_if(groups, [](const auto& group) { return group.size() < 2; });
  for (auto& group : groups) {
    std::ranges::transform(group, group.begin(), [&](std::size_t position) { return compared_[position]; });
    std::ranges::sort(group);
  }
  std::ranges::sort(groups);
  return groups;
}

}  // namespace mpsec::replay
