// Tries a case with a provider, whatever kind it is.
#pragma once

#include "crypto/provider.hpp"
#include "vectors/run/outcome.hpp"

namespace mpsec::vectors {

Outcome run(const Case& vector_case, const crypto::Provider& provider);

}  // namespace mpsec::vectors
