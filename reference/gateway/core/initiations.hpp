// When peers are begun with: at once and again when they are gone, or when a packet asks for it. Which IKE SA
// serves which path.
#pragma once

#include <map>
#include <optional>
#include <string>
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
  void replaced(ike::IkeSaId old_sa, ike::IkeSaId new_sa);
  void gone(ike::IkeSaId sa, Instant now);
  // A packet asks for the peer: its first path that has no IKE SA yet; nothing where all have one, where it
  // was tried within the peer's `retry`, or where the peer is not to be begun with.
  std::optional<PathName> wanted(std::string_view peer, Instant now);
  std::optional<ike::IkeSaId> sa_of(const PathName& path) const;
  // None is begun any more.
  void stop() { places_.clear(); }

 private:
  struct Place {
    Start start = Start::none;
    Duration retry{};
    std::optional<ike::IkeSaId> sa;
    Instant not_before{};
  };
  std::map<PathName, Place> places_;
};

}  // namespace mpsec::gateway
