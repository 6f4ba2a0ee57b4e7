// What a cluster has to say to whoever manages it.
#pragma once

#include <cstdint>
#include <string_view>
#include <variant>

#include "cluster/path_transitions.hpp"
#include "cluster/types.hpp"
#include "ipsec/policy.hpp"

namespace mpsec::cluster {

// founding: no sub-SA has joined yet. ended: the last valid one has gone; nothing joins any more.
enum class ClusterState : std::uint8_t { founding, valid, ended };
std::string_view to_string(ClusterState state);

// A sub-SA reached a hard limit, or its numbers: it carries nothing any more.
struct SubSaEnded {
  ipsec::ClusterId cluster;
  SubSaId sub_sa;
};
// The last valid sub-SA has gone, and the cluster with it: policy asks for a new one, and lets nothing pass
// till then.
struct ClusterEnded {
  ipsec::ClusterId cluster;
};
// So few numbers are left that a successor should be negotiated: a new cluster, since no rekey of a sub-SA
// gives new numbers. Said once.
struct SequenceRunsOut {
  ipsec::ClusterId cluster;
  std::uint64_t left = 0;
};
// Authentic packets came too late for the window. Said again whenever `would_have_held` has grown.
struct WindowTooSmall {
  ipsec::ClusterId cluster;
  std::uint32_t window = 0;
  std::uint64_t would_have_held = 0;
};
// The peer counts each sub-SA for itself: the same numbers came authentic under several of them. Said once.
struct NumbersNotShared {
  ipsec::ClusterId cluster;
};
// The smallest of its valid sub-SAs' has changed.
struct ClusterMtuChanged {
  ipsec::ClusterId cluster;
  std::uint32_t largest_packet = 0;  // clear; 0: there is no valid sub-SA
};
// What is known of a sub-SA's path has changed. Suspect: a liveness check now finds out more.
struct PathChanged {
  ipsec::ClusterId cluster;
  SubSaId sub_sa;
  PathCondition from = PathCondition::unknown, to = PathCondition::unknown;
};
using ClusterEvent = std::variant<SubSaEnded, ClusterEnded, SequenceRunsOut, WindowTooSmall, NumbersNotShared,
                                  ClusterMtuChanged, PathChanged>;

}  // namespace mpsec::cluster
