// Which SAs of a capture draw their sequence numbers from one source: the sub-SAs of a cluster.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/clock.hpp"
#include "pcap-replay/capture/packet_finder.hpp"
#include "pcap-replay/cluster/number_sketch.hpp"

namespace mpsec::replay {

// What the detector has to know of an SA.
struct SketchedSa {
  std::string name;  // for the evidence
  NumberSample sample;
  std::uint64_t packets = 0;
  std::uint64_t first_number = 0;
  Instant first_time{}, last_time{};
  AddressBits source, destination;
  // The highest number, when this SA began, of the SA before it whose numbers were nearest.
  std::optional<std::pair<std::size_t, std::uint64_t>> nearest_then = std::nullopt;
};

enum class ClusterVerdict : std::uint8_t { cluster, likely, no, too_little };
std::string_view to_string(ClusterVerdict verdict);

struct ClusterEvidence {
  std::string_view kind;
  bool speaks_for;
  std::string text;
  std::vector<std::pair<std::string_view, double>> figures;
};

struct ClusterMember {
  std::size_t sa = 0;
  ClusterVerdict verdict = ClusterVerdict::too_little;  // of its own numbers against those of all others
  double strength = 0;
};

// Who says that these SAs are a cluster without a look at their numbers: the user, or a negotiation that was
// read.
struct ClusterClaim {
  enum class By : std::uint8_t { hand, negotiation };
  By by = By::hand;
  std::string where;  // of a negotiation: frame and messages
  std::vector<std::size_t> sas;
};

struct ClusterFinding {
  std::vector<ClusterMember> members;
  ClusterVerdict verdict = ClusterVerdict::too_little;
  // Like a number of nats: how much less likely these numbers are under independent counters. The weakest of
  // the members that made the verdict; `needed` is what `cluster` takes among so many SAs.
  double strength = 0;
  double needed = 0;
  bool by_hand = false;
  std::vector<ClusterEvidence> evidence;
};

struct DetectorOptions {
  std::size_t most_compared = 1024;  // SAs, those with most packets
  double strength_needed = 12;       // beside the logarithm of the number of pairs
  double strength_likely = 6;        // the same
};

// Clusters first, in the order of their first SA; then SAs between the same two addresses that are none.
// Time: the square of the SAs, at most of most_compared; each is compared in at most 256 blocks.
std::vector<ClusterFinding> find_clusters(const std::vector<SketchedSa>& sas,
                                          const std::vector<ClusterClaim>& claims = {},
                                          const DetectorOptions& options = {});

}  // namespace mpsec::replay
