// Every two SAs against each other: whose numbers exclude one another, and whose do not.
#pragma once

#include <vector>

#include "pcap-replay/cluster/cluster_detector.hpp"

namespace mpsec::replay {

// Two SAs whose numbers look as if they came from one source.
struct SaLink {
  std::size_t first, second;
  double strength;
};

bool alive_together(const SketchedSa& first, const SketchedSa& second);
// The same packets came under both, as far as they were opened: copies on two paths.
bool are_copies(const NumberOverlap& overlap);
// As many numbers came under both as under independent counters.
bool contradict(const NumberOverlap& overlap);

class SaPairs {
 public:
  SaPairs(const std::vector<SketchedSa>& sas, std::vector<std::size_t> compared);

  // Groups of two and more, none of whose members contradict each other; the strongest links first.
  std::vector<std::vector<std::size_t>> groups() const;
  const std::vector<std::size_t>& compared() const { return compared_; }

 private:
  bool may_join(const std::vector<std::size_t>& group, const std::vector<std::size_t>& other) const;
  void compare(std::size_t first, std::size_t second);

  const std::vector<SketchedSa>* sas_;
  std::vector<std::size_t> compared_;  // what the positions below stand for
  std::vector<bool> excluded_;         // by position of the first, then of the second
  std::vector<SaLink> links_;          // between positions
};

}  // namespace mpsec::replay
