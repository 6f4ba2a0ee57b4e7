// What is known of a path, from IKE's liveness checks and from traffic, and which sub-SAs are offered for it.
#pragma once

#include <span>
#include <vector>

#include "cluster/path_scheduler.hpp"
#include "cluster/path_transitions.hpp"
#include "cluster/round_trip.hpp"

namespace mpsec::cluster {

// The state of one path: an address pair, with all sub-SAs on it. Time is passed in; each report says whether
// the path's condition changed, which is when the schedule may have to.
//
// An answer shows that both directions work, traffic from the peer only that one does. So while answers are
// missing traffic breaks the silence, but brings nothing back.
class PathState {
 public:
  struct Settings {
    Duration silence = std::chrono::seconds(10);  // without a sign of life until it is suspect
    unsigned suspect_after = 2;                   // answers missing in a row
    unsigned dead_after = 4;
    // Back to alive: so many signs of life with nothing missed in between, over at least the hold time. That
    // doubles with each death, until the path was alive for `steady`: who flaps is held down ever longer.
    unsigned signs_to_recover = 3;
    Duration hold = std::chrono::seconds(1);
    Duration longest_hold = std::chrono::seconds(60);
    Duration steady = std::chrono::seconds(60);
    double loss_gain = 1.0 / 8;  // what the newest probe counts in the average of loss, 0..1
  };

  explicit PathState(Instant now) : PathState(now, Settings{}) {}
  PathState(Instant now, const Settings& settings) : settings_(settings), last_heard_(now) {}

  // A packet was accepted: its ICV was right and its number fresh. Anything less may be forged or replayed.
  bool on_traffic(Instant now);
  // The peer answered a request of ours. The time it took, where the request was sent only once.
  bool on_answer(Instant now, std::optional<Duration> round_trip);
  // A sending of a request was not answered in time, and it is sent again.
  bool on_unanswered();
  // IKE gives the peer up, or what is below says that the path is gone (an interface, an address).
  bool on_give_up();
  // The time has come that deadline() said.
  bool on_time(Instant now);
  // When silence makes the path suspect: the moment for a liveness check.
  std::optional<Instant> deadline() const;

  PathCondition condition() const { return condition_; }
  const RoundTrip& round_trip() const { return round_trip_; }
  double loss() const { return loss_; }
  // How long signs of life must come until the path is alive again.
  Duration hold() const;
  PathView view(SubSaId id, std::uint32_t weight) const;

 private:
  bool sign_of_life(Instant now, bool recovers);
  bool take(PathEvent event);

  Settings settings_;
  PathCondition condition_ = PathCondition::unknown;
  RoundTrip round_trip_;
  double loss_ = 0;
  Instant last_heard_;
  unsigned unanswered_ = 0;  // in a row
  unsigned signs_ = 0;       // since something was missed last
  Instant first_sign_{};     // of these
  Instant alive_since_{};
  unsigned deaths_ = 0;  // since the path was steady
};

// A sub-SA that is valid now: not deleted, within its hard lifetime, not exhausted.
struct ValidSubSa {
  SubSaId id;
  std::uint32_t weight = 1;
  const PathState* path = nullptr;
};

// What a scheduler is to choose from: the sub-SAs on paths that are not dead. Where all are dead it is all of
// them, as a last resort: a path is only presumed dead, while nothing at all is certainly lost. An invalid
// sub-SA is not a question of its path and must not be among them: nothing may go out on it, whatever else
// there is.
std::vector<PathView> offered(std::span<const ValidSubSa> sub_sas);

}  // namespace mpsec::cluster
