// The conditions of a path, and what leads from one to the next.
//
//              .--- sign of life ---.
//   unknown --'                      '--> alive <------- recovered -------.
//      |                                  |   ^                           |
//      | missed                    missed |   | recovered                 |
//      '---------------> suspect <--------'   |                           |
//                          | '----------------'                           |
//                          '--- gave up (from everywhere) ---> dead ------'
#pragma once

#include "base/transition_table.hpp"

namespace mpsec::cluster {

enum class PathCondition : std::uint8_t {
  unknown,  // nothing was heard on it yet
  alive,
  suspect,  // it may have died; it still carries traffic
  dead,     // it carries traffic only where every other path is dead too
  count
};
std::string_view to_string(PathCondition condition);

enum class PathEvent : std::uint8_t {
  sign_of_life,  // something authentic and fresh was heard
  missed,        // what should have been heard was not: so many answers in a row, or anything for so long
  gave_up,       // IKE sent its last retransmission in vain, or too many answers are missing
  recovered,     // signs of life have come for long enough
  count
};
std::string_view to_string(PathEvent event);

// One sign of life does not bring a path back from suspect or dead: else one that flaps would take the
// schedule with it. The full matrix is here, events that change nothing too.
// clang-format off
inline constexpr std::array path_transition_rows{
    Transition{PathCondition::unknown, PathEvent::sign_of_life, PathCondition::alive,   "heard for the first time"},
    Transition{PathCondition::unknown, PathEvent::missed,       PathCondition::suspect, "never heard"},
    Transition{PathCondition::unknown, PathEvent::gave_up,      PathCondition::dead,    "never heard"},
    Transition{PathCondition::unknown, PathEvent::recovered,    PathCondition::alive,   "heard for long enough"},
    Transition{PathCondition::alive,   PathEvent::sign_of_life, PathCondition::alive,   "as it should be"},
    Transition{PathCondition::alive,   PathEvent::missed,       PathCondition::suspect, "silent or unanswered"},
    Transition{PathCondition::alive,   PathEvent::gave_up,      PathCondition::dead,    "RFC 7296 2.4"},
    Transition{PathCondition::alive,   PathEvent::recovered,    PathCondition::alive,   "as it should be"},
    Transition{PathCondition::suspect, PathEvent::sign_of_life, PathCondition::suspect, "not heard for long enough"},
    Transition{PathCondition::suspect, PathEvent::missed,       PathCondition::suspect, "IKE goes on trying"},
    Transition{PathCondition::suspect, PathEvent::gave_up,      PathCondition::dead,    "RFC 7296 2.4"},
    Transition{PathCondition::suspect, PathEvent::recovered,    PathCondition::alive,   "heard for long enough"},
    Transition{PathCondition::dead,    PathEvent::sign_of_life, PathCondition::dead,    "not heard for long enough"},
    Transition{PathCondition::dead,    PathEvent::missed,       PathCondition::dead,    "it is dead already"},
    Transition{PathCondition::dead,    PathEvent::gave_up,      PathCondition::dead,    "it is dead already"},
    Transition{PathCondition::dead,    PathEvent::recovered,    PathCondition::alive,   "heard for long enough"},
};
// clang-format on
inline constexpr TransitionTable<PathCondition, PathEvent> path_transitions{path_transition_rows};
static_assert(path_transitions.is_deterministic());
static_assert(path_transitions.all_reachable_from(PathCondition::unknown));
static_assert(path_transitions.all_lead_to(PathCondition::alive));
static_assert(path_transition_rows.size() ==
              static_cast<std::size_t>(PathCondition::count) * static_cast<std::size_t>(PathEvent::count));

}  // namespace mpsec::cluster
