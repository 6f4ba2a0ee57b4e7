// What the sockets and the tunnel interface have counted, for the control socket.
#pragma once

#include "gateway/control/members.hpp"
#include "gateway/io/outside.hpp"
#include "gateway/io/tun.hpp"

namespace mpsec::gateway {

// {"outside": {"received": {...}, "sent": {...}, "unsent": {...}}, "tun": {"read": {...}, "written": {...}}}:
// packets, octets, and calls or messages to the system.
Json to_json(const OutsideCounters& outside, const TunCounters& tun);

// Of several threads together.
void add(OutsideCounters& sum, const OutsideCounters& one);
void add(TunCounters& sum, const TunCounters& one);

}  // namespace mpsec::gateway
