// Schedulers as configuration names them.
#pragma once

#include <memory>
#include <string_view>

#include "base/error.hpp"
#include "base/rng.hpp"
#include "cluster/path_scheduler.hpp"

namespace mpsec::cluster {

// A name and its options, as words with spaces between:
//
//   round-robin [burst=32]             each path in its turn, so many packets in a row
//   weighted [burst=32]                turns in proportion to weights
//   flow-hash [paths=1024]             a flow keeps its path; for up to so many paths
//   least-round-trip [margin=0.2]      all on the fastest path, until another is faster by so much of it
//   random [burst=1]                   by lot
//   adaptive [burst=32] [margin=0.2] [share=0.015625]
//                                      by loss and delay; the worst path gets this share of the best one's
//   duplicate NAME [OPTION=VALUE]...   as NAME chooses, and a copy on a second path
//
// The error (local fault) has the place in `text` as its offset, and says what is known. `rng` stays.
Result<std::unique_ptr<PathScheduler>> make_scheduler(std::string_view text, Rng& rng);

}  // namespace mpsec::cluster
