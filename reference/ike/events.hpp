// What has happened, for logs, traces and whoever waits for it. No event holds a key.
#pragma once

#include <optional>
#include <string>
#include <variant>

#include "base/datagram.hpp"
#include "base/error.hpp"
#include "ike/configuration_exchange.hpp"
#include "ike/transitions.hpp"
#include "ike/types.hpp"
#include "ipsec/identity.hpp"
#include "ipsec/sa.hpp"
#include "wire/ike/notify.hpp"

namespace mpsec::ike {

struct IkeStateChanged {
  IkeSaId sa;
  IkeSpis spis;
  IkeState from, to;
  IkeEvent by;
};
// Both ends have proved who they are.
struct IkeAuthenticated {
  IkeSaId sa;
  IkeSpis spis;
  Role role;
  std::string peer_name;  // of the configuration
  ipsec::Identity local_id, remote_id;
  Endpoint local, remote;
  std::string suite;
};
struct IkeRekeyed {
  IkeSaId old_sa, new_sa;
  IkeSpis new_spis;
};
struct ChildStateChanged {
  IkeSaId sa;
  ChildId child;
  ipsec::Protocol protocol;
  Spi inbound, outbound;
  ChildState from, to;
  ChildEvent by;
};
// A child, or an IKE SA, that could not be made; `error` says why, by whose fault.
struct NegotiationFailed {
  IkeSaId sa;
  std::optional<std::string> child;
  Error error;
};
// A message that was not let in. The causes of RFC 7296 2.21 that an administrator may want to see.
struct MessageRefused {
  Endpoint local, remote;
  std::optional<IkeSaId> sa;
  Error error;
};
struct PeerMoved {
  IkeSaId sa;
  Endpoint from, to;
};
struct NatFound {
  IkeSaId sa;
  bool we_are_behind, peer_is_behind;
};
// What the gateway gave us with its CFG_REPLY: ours until the IKE SA, or the one that replaces it, has ended.
struct ConfigurationAssigned {
  IkeSaId sa;
  AssignedConfiguration assigned;
};
// The peer could not use what we sent: INVALID_SPI, INVALID_SELECTORS, INVALID_MESSAGE_ID over the IKE SA.
struct PeerReported {
  IkeSaId sa;
  wire::ike::NotifyType type;
  Octets spi, data;  // as in the Notify payload
};
// An SA cluster has its first sub-SA.
struct ClusterFounded {
  ClusterId cluster;
  std::string name;  // of the configuration
  ipsec::Identity local_id, remote_id;
};
struct ClusterJoined {
  ClusterId cluster;
  IkeSaId sa;
  ChildId child;
  std::size_t sub_sas;  // with this one
};
// A child that would not be let into a cluster: there is none then.
struct ClusterJoinRefused {
  ClusterId cluster;
  IkeSaId sa;
  bool by_peer;  // else by us
  wire::ike::ClusterRefusal reason;
  wire::ike::ClusterField field;
};
struct ClusterLeft {
  ClusterId cluster;
  ChildId child;
  std::size_t sub_sas;  // that are left
};
// The last sub-SA is gone, and none is on its way: numbers and window are needed until now.
struct ClusterEnded {
  ClusterId cluster;
  std::string name;
};
using Event =
    std::variant<IkeStateChanged, IkeAuthenticated, IkeRekeyed, ChildStateChanged, NegotiationFailed,
                 MessageRefused, PeerMoved, NatFound, ConfigurationAssigned, PeerReported, ClusterFounded,
                 ClusterJoined, ClusterJoinRefused, ClusterLeft, ClusterEnded>;
std::string to_string(const Event& event);

}  // namespace mpsec::ike
