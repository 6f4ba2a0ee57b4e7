// Sequence numbers of SAs, drawn from the fuzzer's octets, and the laws of finding clusters among them.
#pragma once

#include <vector>

#include "pcap-replay/cluster/cluster_account.hpp"
#include "pcap-replay/cluster/cluster_detector.hpp"
#include "support/draw.hpp"
#include "support/require.hpp"

namespace mpsec::fuzz {

class ClusterNumbers {
 public:
  explicit ClusterNumbers(OctetView octets) : draw_(octets) {}

  // Up to four SAs whose counters are their own; nothing is lost.
  std::vector<replay::SketchedSa> counted();
  // Besides, SAs with any numbers and times, in either direction.
  void add_any(std::vector<replay::SketchedSa>& sas);

  static void require_none(const replay::ClusterFinding& finding);
  // A verdict has what it takes; an SA belongs to one finding at most.
  static void require_lawful(const std::vector<replay::ClusterFinding>& findings,
                             const std::vector<replay::SketchedSa>& sas);
  // Every packet of the SAs is counted once in the books of a cluster, under one verdict.
  void require_books() const;

 private:
  std::uint64_t draw_number();
  replay::SketchedSa sketched(const std::vector<std::uint64_t>& numbers);

  Draw draw_;
  std::vector<std::vector<std::uint64_t>> all_;
};

}  // namespace mpsec::fuzz
