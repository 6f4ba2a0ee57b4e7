// When peers are begun with: at once and again when they are gone, or when a packet asks for it. Which IKE SA
// serves which path. What happens to one costs the same however many there are.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "gateway/settings/settings.hpp"
#include "ike/types.hpp"

namespace mpsec::gateway {

class Initiations {
 public:
  // A path of a peer, by their names.
  struct PathName {
    std::string peer, path;
    auto operator<=>(const PathName&) const = default;
  };

  // What is there already stays; what the settings no longer name is not begun again.
  void configure(const Settings& settings, Instant now);
  // Those to begin now. Each is named again after its peer's `retry`, until began() says that it is there.
  std::vector<PathName> due(Instant now);
  std::optional<Instant> next_deadline() const;

  // An IKE SA was begun there, or could not be (nothing).
  void began(const PathName& path, std::optional<ike::IkeSaId> sa, Instant now);
  void established(ike::IkeSaId sa);
  void replaced(ike::IkeSaId old_sa, ike::IkeSaId new_sa);
  void gone(ike::IkeSaId sa, Instant now);
  // A packet asks for the peer: its first path that has no IKE SA yet; nothing where all have one, where it
  // was tried within the peer's `retry`, or where the peer is not to be begun with. In a series the others
  // will be due.
  std::optional<PathName> wanted(std::string_view peer, Instant now);
  std::optional<ike::IkeSaId> sa_of(const PathName& path) const;

  // Whether the peer's paths are begun one after the other: nobody says over IKE that they belong together
  // (ClusterSettings::by_configuration), so an INITIAL_CONTACT that crosses another path's founding ends it.
  bool in_series(std::string_view peer) const;
  // One of the series is on its way.
  bool is_busy(std::string_view peer) const;
  // All of the peer's paths that have no IKE SA are to be begun, in turn.
  void ask_for_all(std::string_view peer, Instant now);
  // None is begun any more.
  void stop();

 private:
  struct Place {
    Start start = Start::none;
    Duration retry{};
    bool in_series = false;
    bool asked = false;      // to be begun whatever `start` says
    bool under_way = false;  // in a series: the others wait for its end, or until it is established
    std::optional<ike::IkeSaId> sa;
    Instant not_before{};
    std::optional<Instant> due{};  // as it stands in due_
  };
  using Places = std::map<PathName, Place>;

  Places::iterator first_of(std::string_view peer);
  Places::const_iterator first_of(std::string_view peer) const;
  void take_up(Place& place, Instant now);
  void schedule(const PathName& name, Place& place);
  void schedule_all(std::string_view peer);
  Place* place_of(ike::IkeSaId sa);

  Places places_;
  std::unordered_map<ike::IkeSaId, PathName> by_sa_;
  std::set<std::pair<Instant, PathName>> due_;
};

}  // namespace mpsec::gateway
