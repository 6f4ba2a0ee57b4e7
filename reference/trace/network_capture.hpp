// What happened in a simulated network, as a capture.
#pragma once

#include <span>

#include "sim/network.hpp"
#include "trace/files/pcapng_writer.hpp"

namespace mpsec::trace {

// Writes every packet once for each link that it came to, on an interface named as the link is, at the time
// it came there; a drop is its comment: "dropped: lost". What was dropped elsewhere (by the script, at a NAT,
// for want of a route) stands on the interface "no link". `recorded` holds all sightings in their order.
void write_capture(PcapngWriter& to, const sim::Network& network, std::span<const sim::Recorded> recorded);

}  // namespace mpsec::trace
