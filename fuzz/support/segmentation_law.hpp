// The laws of segmentation offload, for any octets.
#pragma once

#include "base/octets.hpp"

namespace mpsec::fuzz {

// Cutting `packet` into segments of `segment` octets: each is a packet whose checksums hold, together they
// have the payload, and a row of all of them is the packet again but for its checksums.
void cutting_is_lawful(OctetView packet, std::size_t segment);

// Joining the packets that `octets` spell (each: two octets of length, then itself): rows keep their order
// and lose nothing, and a row that is cut gives the packets again. What has a place for checksums gets right
// ones, unless the length's highest bit says otherwise.
void joining_is_lawful(OctetView octets);

}  // namespace mpsec::fuzz
