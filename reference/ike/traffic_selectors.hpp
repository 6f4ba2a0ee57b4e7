// Traffic selectors between policy and wire (RFC 7296 2.9, 3.13): a Child SA carries a packet if one selector
// of either payload holds its side of it, and the two agree on the protocol.
#pragma once

#include <span>
#include <vector>

#include "base/error.hpp"
#include "ike/types.hpp"
#include "ipsec/selector.hpp"
#include "wire/ike/message.hpp"

namespace mpsec::ike {

// TSi and TSr by sides instead of roles.
struct TrafficSelectorPair {
  std::vector<wire::ike::TrafficSelector> local{};
  std::vector<wire::ike::TrafficSelector> remote{};
  bool operator==(const TrafficSelectorPair&) const = default;
};

// `ours`: what we are in the exchange (not in the IKE SA).
TrafficSelectorPair pair_of(Role ours, const wire::ike::TrafficSelectorsInitiator& initiator,
                            const wire::ike::TrafficSelectorsResponder& responder);
wire::ike::TrafficSelectorsInitiator initiator_payload(Role ours, const TrafficSelectorPair& pair);
wire::ike::TrafficSelectorsResponder responder_payload(Role ours, const TrafficSelectorPair& pair);

// What to ask for so that the Child SA carries exactly what `selectors` hold together. Fails (local fault) on
// what no payload can say (an OPAQUE protocol, protocol number 0), on more than 255 selectors in a payload,
// and on a set that is not all local parts with all remote parts: it would ask for more than policy allows
// (RFC 7296 2.9.1). Ports 0 to 65535 are ANY here, as they are on the wire.
Result<TrafficSelectorPair> to_traffic_selectors(std::span<const ipsec::Selector> selectors);

//= rfc7296/2.9/specific-selectors-of-the-packet-come-first
// The same, led by the selectors of the packet that asks for the SA.
TrafficSelectorPair led_by(const ipsec::PacketSelectors& packet, TrafficSelectorPair pair);

// Whether that packet is one of them.
bool holds(const TrafficSelectorPair& pair, const ipsec::PacketSelectors& packet);

// As much of it as goes between the two addresses of the packet.
TrafficSelectorPair between_addresses_of(const ipsec::PacketSelectors& packet,
                                         const TrafficSelectorPair& pair);

// What of `whole` is not in `part`, as pairs that each can be asked for alone; protocols that cannot be said
// without the others are left out.
std::vector<TrafficSelectorPair> without(const TrafficSelectorPair& whole, const TrafficSelectorPair& part);

// The selectors that hold the same packets; empty if there are none. What cannot be understood holds none:
// types that are not known, reversed ranges, ports of protocols that have none.
std::vector<ipsec::Selector> to_selectors(const TrafficSelectorPair& pair);

// Whether every packet of `inner` is one of `outer`. May say no to very fragmented sets that are covered.
bool covers(const TrafficSelectorPair& outer, const TrafficSelectorPair& inner);

// The initiator's check of what came back. Fails (peer misbehaved) if it holds nothing, more than was asked
// for, or a selector that cannot be understood.
Result<> check_narrowed(const TrafficSelectorPair& asked, const TrafficSelectorPair& answered);

// "192.0.2.0-192.0.2.255 protocol 6 port 80"
std::string to_string(const wire::ike::TrafficSelector& selector);

}  // namespace mpsec::ike
