// From Python's keywords to what a cluster is founded with.
#pragma once

#include "base/rng.hpp"
#include "cluster/cluster_end.hpp"
#include "keywords.hpp"

namespace mpsec::python {

inline constexpr const char* cluster_keywords =
    R"(One end of an SA cluster, with a policy that protects every packet by it; its parameters are keywords.

Equal over the cluster: mode "tunnel" | "transport", extended (True), anti_replay (True), replay_window (4096),
peer_window (4096), duplication (False), peer "clusters" | "ordinary".
This end's own: id, name, most_sub_sas, watch_numbers, window_form "several_writers" | "one_writer", soft_limit,
last_sequence_number, scheduler (as PathScheduler takes it), look_every, seed (of IVs and schedulers), provider,
leases {numbers, time},
reordering {policy "time" | "gap" | "adaptive" | "none", hold, gap, packets, octets, time, span,
            late "deliver" | "drop", first (None: whichever comes first), fifo_paths, flow_buckets}.
All times are nanoseconds. Raises mpsec.Error where the engine refuses them, TypeError for a keyword that is none.)";

// They take what is theirs out of `given`.
cluster::ClusterParameters cluster_parameters(py::kwargs& given);
cluster::ClusterEnd::Policy cluster_policy(py::kwargs& given, Rng& rng);

inline Instant instant(std::int64_t now) {
  return Instant(Duration(now));
}

}  // namespace mpsec::python
