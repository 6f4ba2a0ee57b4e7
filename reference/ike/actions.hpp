// What the engine asks the world to do.
#pragma once

#include <string>
#include <variant>
#include <vector>

#include "base/datagram.hpp"
#include "ike/events.hpp"
#include "ike/types.hpp"
#include "ipsec/policy.hpp"
#include "ipsec/sa.hpp"

namespace mpsec::ike {

// Each half of a Child SA comes and goes by itself: a responder that is rekeyed receives on the new SA before
// it may send there (RFC 7296 2.8).
struct InstallInbound {
  ChildId child;
  ipsec::PolicyId policy;
  ipsec::InboundParameters parameters;
};
struct InstallOutbound {
  ChildId child;
  ipsec::PolicyId policy;
  ipsec::OutboundParameters parameters;
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

struct Actions {
  std::vector<Datagram> datagrams;  // in this order
  std::vector<SadChange> sad;       // in this order, before the datagrams leave
  std::vector<Event> events;

  void clear() {
    datagrams.clear();
    sad.clear();
    events.clear();
  }
};

}  // namespace mpsec::ike
