// Transport mode behind NATs (RFC 7296 2.23.1): the selectors name addresses that one end has never seen.
#pragma once

#include "ike/nat_detection.hpp"
#include "ike/traffic_selectors.hpp"
#include "ipsec/nat_checksum.hpp"

namespace mpsec::ike {

// The selectors of transport mode with the addresses that this end sees.
struct SubstitutedSelectors {
  TrafficSelectorPair selectors{};      // for the lookup in the SPD, narrowing, the answer and the SAD
  TrafficSelectorPair received{};       // as they came: to undo it all, for tunnel mode instead
  ipsec::OriginalAddresses original{};  // what senders of inbound packets compute checksums with
};

//= rfc7296/2.23.1/one-address-on-each-side
// Whether we may ask for transport mode with them: one address each, those that IKE messages go between.
// Fails (local fault) naming the side.
Result<> check_transport(const TrafficSelectorPair& proposed, const Path& path);

// What the peer's selectors mean here, in a request as in a response: if the peer is behind a NAT the remote
// address becomes that of the path, if we are the local one does. Fails (peer misbehaved) unless there is one
// address on each side, of the path's family.
Result<SubstitutedSelectors> substitute(const TrafficSelectorPair& received, const Path& path,
                                        const NatState& nat);

}  // namespace mpsec::ike
