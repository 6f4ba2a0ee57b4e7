// What the engine asks the world to do.
#pragma once

#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "base/datagram.hpp"
#include "ike/events.hpp"
#include "ike/types.hpp"
#include "ipsec/policy.hpp"
#include "ipsec/sa.hpp"

namespace mpsec::ike {

// The SA cluster that a Child SA is a part of: all of its sub-SAs in one direction share numbers and a
// window.
struct ClusterMembership {
  ClusterId id;
  bool founds = false;                            // the first of its cluster, which begins with it
  bool anti_replay = true;                        // at both ends
  bool duplication = false;                       // a number may go by two paths: both ends take that
  std::uint32_t own_window = 0, peer_window = 0;  // each end's receive window, in numbers

  bool operator==(const ClusterMembership&) const = default;
};

// Each half of a Child SA comes and goes by itself: a responder that is rekeyed receives on the new SA before
// it may send there (RFC 7296 2.8).
struct InstallInbound {
  ChildId child;
  ipsec::PolicyId policy;
  ipsec::InboundParameters parameters;
  std::optional<ClusterMembership> cluster{};  // none: an SA with numbers and a window of its own
  std::optional<ChildId> replaces{};           // the child whose rekey has made it
};
struct InstallOutbound {
  ChildId child;
  ipsec::PolicyId policy;
  ipsec::OutboundParameters parameters;
  std::optional<ClusterMembership> cluster{};
};
// The half that sends: the other follows when our own Delete is answered (RFC 7296 1.4.1).
struct RemoveOutbound {
  ChildId child;
  ipsec::Protocol protocol;
  Spi outbound;
};
// Both halves, or as much of them as is there.
struct RemoveChild {
  ChildId child;
  ipsec::Protocol protocol;
  Spi inbound, outbound;
};
// The peer's address, or ours, has changed: the outer addresses, and the ports of UDP encapsulation.
struct MoveChild {
  ChildId child;
  ipsec::Protocol protocol;
  Spi inbound, outbound;
  Endpoint local, remote;
};
using SadChange = std::variant<InstallInbound, InstallOutbound, RemoveOutbound, RemoveChild, MoveChild>;

// What our own requests show of the path that an established IKE SA uses, for the state of that path
// (profile 9): the peer answered; a request was sent again; the peer was given up, and the IKE SA ends.
struct PathReport {
  enum class Kind : std::uint8_t { answered, unanswered, given_up };
  // A sub-SA of a cluster that lives on this IKE SA.
  struct SubSa {
    ClusterId cluster;
    ChildId child;
    bool operator==(const SubSa&) const = default;
  };
  IkeSaId sa;
  Kind kind = Kind::answered;
  std::optional<Duration> round_trip{};  // of a request that was answered and had been sent only once
  std::vector<SubSa> sub_sas{};
};

struct Actions {
  std::vector<Datagram> datagrams;  // in this order
  std::vector<SadChange> sad;       // in this order, before the datagrams leave
  std::vector<Event> events;
  std::vector<PathReport> paths;  // in this order; those of given_up name sub-SAs that `sad` removes

  bool is_empty() const { return datagrams.empty() && sad.empty() && events.empty() && paths.empty(); }
  void clear() {
    datagrams.clear();
    sad.clear();
    events.clear();
    paths.clear();
  }
};

}  // namespace mpsec::ike
