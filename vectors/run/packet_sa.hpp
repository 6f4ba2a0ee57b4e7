// The SA of a packet vector, in the engine's words.
#pragma once

#include <expected>

#include "crypto/provider.hpp"
#include "ipsec/sa.hpp"
#include "vectors/run/outcome.hpp"

namespace mpsec::vectors {

// What both directions share: algorithms, keys, SPI, mode; addresses and ports as the protected packet has
// them. Fails where a size is none of IPsec's, or the provider lacks an algorithm (then with an Outcome that
// says so).
std::expected<ipsec::SaParameters, Outcome> sa_of(const PacketCase& packet, const Expectation& expectation,
                                                  const crypto::Provider& provider);

}  // namespace mpsec::vectors
