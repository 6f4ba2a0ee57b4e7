// Tries whole packets with the engine: the outbound and inbound paths of an SA made of the vector's
// parameters.
#pragma once

#include "crypto/provider.hpp"
#include "vectors/run/outcome.hpp"

namespace mpsec::vectors {

// Out: the plain packet, with the vector's number and IV, must become the protected one octet for octet; of a
// tunnel's IPv4 header the identification is the sender's choice and is taken over first. In: the protected
// packet must become the plain one, or be discarded for the expected cause.
Outcome run_packet(const PacketCase& packet, const Expectation& expectation,
                   const crypto::Provider& provider);

}  // namespace mpsec::vectors
