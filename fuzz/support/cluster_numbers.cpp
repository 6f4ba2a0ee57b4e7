// depends: replay_cluster
#include "support/cluster_numbers.hpp"

#include <algorithm>

namespace mpsec::fuzz {

using namespace replay;

std::vector<SketchedSa> ClusterNumbers::counted() {
  std::vector<SketchedSa> sas;
  for (unsigned left = draw_.below(5); left != 0; --left) {
    std::vector<std::uint64_t> numbers(std::size_t{draw_.octet()} * (draw_.below(8) + 1u));
    std::uint64_t number = draw_number();
    for (std::uint64_t& one : numbers)
      one = number++;
    sas.push_back(sketched(numbers));
  }
  return sas;
}

void ClusterNumbers::add_any(std::vector<SketchedSa>& sas) {
  while (!draw_.empty() && sas.size() < 16) {
    std::vector<std::uint64_t> numbers;
    std::uint64_t number = draw_number();
    const unsigned repeats = draw_.below(16) + 1u;
    for (unsigned left = draw_.below(64); left != 0; --left) {
      const std::uint64_t step = draw_.octet();
      for (unsigned again = 0; again < repeats; ++again)
        numbers.push_back(number += step - (step > 240 ? 256 : 0));
    }
    SketchedSa sa = sketched(numbers);
    if (draw_.below(4) == 0) std::swap(sa.source, sa.destination);
    if (draw_.below(4) == 0) sa.first_time = Instant(std::chrono::seconds(draw_.octet()));
    if (draw_.below(4) == 0 && !sas.empty()) sa.nearest_then = {{draw_.octet() % sas.size(), number}};
    sa.last_time = std::max(sa.last_time, sa.first_time);
    sas.push_back(std::move(sa));
  }
}

// Near the ends of the ranges, where numbers wrap.
std::uint64_t ClusterNumbers::draw_number() {
  static constexpr std::uint64_t bases[] = {
      1, 1, 0xffffff00, 0xffffffff, 0x1'0000'0000, 0x7fffffff, 0x5'0000'0000, ~0ull - 4096};
  const std::uint64_t base = bases[draw_.below(8)];
  return base + draw_.octet() * (draw_.below(4) == 0 ? 64u : 1u);
}

SketchedSa ClusterNumbers::sketched(const std::vector<std::uint64_t>& numbers) {
  NumberSketch sketch;
  const std::uint64_t seed = draw_.below(3);
  for (const std::uint64_t number : numbers)
    sketch.note(number, seed * number);
  SketchedSa sa;
  sa.sample = sketch.sample();
  sa.packets = numbers.size();
  sa.first_number = sketch.first();
  sa.last_time = Instant(std::chrono::seconds(100));
  sa.source = {0, 1, IpVersion::v4}, sa.destination = {0, 2, IpVersion::v4};
  all_.push_back(numbers);
  return sa;
}

void ClusterNumbers::require_none(const ClusterFinding& finding) {
  const bool copies = std::ranges::any_of(finding.evidence, [](const ClusterEvidence& evidence) {
    return evidence.kind == "duplicated numbers" && evidence.speaks_for;
  });
  require(copies || finding.verdict == ClusterVerdict::no || finding.verdict == ClusterVerdict::too_little,
          "SAs that count for themselves are no cluster, unless the same packets are in them");
}

void ClusterNumbers::require_lawful(const std::vector<ClusterFinding>& findings,
                                    const std::vector<SketchedSa>& sas) {
  std::vector<int> found(sas.size());
  for (const ClusterFinding& finding : findings) {
    require(!finding.members.empty(), "a finding is about somebody");
    for (const ClusterMember& member : finding.members)
      require(++found.at(member.sa) == 1, "an SA belongs to one finding");
    if (finding.verdict != ClusterVerdict::cluster) continue;
    require(finding.members.size() >= 2 && finding.strength >= finding.needed, "a cluster has what it takes");
    for (const ClusterMember& member : finding.members)
      require(sas[member.sa].source == sas[finding.members[0].sa].source, "a cluster goes one way");
  }
}

void ClusterNumbers::require_books() const {
  ClusterAccount account({.replay_window = 64, .reordering_bound = 256});
  std::uint64_t frame = 0, unreadable = 0;
  for (const auto& numbers : all_) {
    const std::uint32_t member = account.join();
    for (const std::uint64_t number : numbers)
      unreadable +=
          account.judge({member, number, ++frame, Instant{}, 1, 0}) == SharedVerdict::unreadable ? 1 : 0;
  }
  std::uint64_t counted = 0;
  for (const ClusterAccount::Member& member : account.members())
    counted += member.fresh + member.redundant + member.replays + member.too_old;
  require(counted + unreadable == frame, "the books close");
}

}  // namespace mpsec::fuzz
