// Reader of whole ESP and AH packets in the JSON that DPDK's IPsec test vectors were put into: an SA, the
// packet that goes in, the packet that comes out.
#pragma once

#include <string>

#include "vectors/core/case.hpp"
#include "vectors/core/json.hpp"

namespace mpsec::vectors {

bool looks_like_packets(const Json& document);

// One case a vector, id "packets/NAME". The sequence number is read from the packet; its high half, if any,
// from the SA. A vector with an algorithm or an SA member that we do not know is a NotRunnable that names it.
VectorFile read_packets(const Json& document, std::string name);

}  // namespace mpsec::vectors
