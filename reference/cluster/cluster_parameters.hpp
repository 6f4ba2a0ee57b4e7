// What a cluster is, and what its sub-SAs must have in common (docs/sa-cluster-profile.md 3).
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/error.hpp"
#include "cluster/leased_sequence.hpp"
#include "ipsec/policy.hpp"
#include "ipsec/sa.hpp"

namespace mpsec::cluster {

enum class PeerKind : std::uint8_t {
  clusters,  // one window for all sub-SAs, one source of numbers
  // One window for each SA, and a source for each: it merely sees gaps in what we send. By configuration
  // only.
  ordinary,
};

enum class WindowForm : std::uint8_t { several_writers, one_writer };

struct ClusterParameters {
  static constexpr std::uint32_t most_sub_sas_ever = 65536;

  ipsec::ClusterId id;
  std::string name{};  // for people
  PeerKind peer = PeerKind::clusters;

  // Equal over the cluster.
  ipsec::Mode mode = ipsec::Mode::tunnel;
  std::vector<ipsec::Selector> selectors{};  // after narrowing; empty: anything passes
  bool extended_sequence_numbers = true;
  bool anti_replay = true;             // at this end; the other one may have it otherwise
  std::uint32_t replay_window = 4096;  // ours, in numbers
  // The other end's, as it said or as configured, which leases are measured against; 0: it looks for no
  // replays.
  std::uint32_t peer_window = 4096;

  std::uint32_t most_sub_sas = most_sub_sas_ever;
  bool duplication = false;  // both ends take the same number by two sub-SAs
  // Sees that a peer does not share its numbers (NumbersNotShared), at the price of a second, small window a
  // sub-SA.
  bool watch_numbers = false;
  WindowForm window_form = WindowForm::several_writers;
  // Numbers left at which a successor is asked for. Without ESN a tenth of all, which is not soon at a high
  // rate.
  std::uint64_t soft_limit = 0xffffffffu / 10;
  // What was sent before, of a cluster that is continued: its first packet carries a number above it.
  std::uint64_t last_sequence_number = 0;

  // Fails naming the field, what was found and what is allowed.
  static Result<> check(const ClusterParameters& parameters);
};

// Whether an SA of these parameters may be a sub-SA. Fails naming the field that is not equal, what it is and
// what the cluster has. Free are algorithms, keys, ESP or AH, encapsulation, outer addresses and their
// family, lifetimes, path MTU.
Result<> check_sub_sa(const ClusterParameters& cluster, const ipsec::OutboundParameters& sub_sa);
Result<> check_sub_sa(const ClusterParameters& cluster, const ipsec::InboundParameters& sub_sa);

}  // namespace mpsec::cluster
