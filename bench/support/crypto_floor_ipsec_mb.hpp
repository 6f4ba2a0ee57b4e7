// The half of the floor that needs intel-ipsec-mb; see crypto_floor.hpp.
#pragma once

#include "support/crypto_floor.hpp"

namespace mpsec::bench {

std::unique_ptr<Floor> make_ipsec_mb_floor(crypto::Tier tier, FloorAlgorithm algorithm, OctetView key);

}  // namespace mpsec::bench
