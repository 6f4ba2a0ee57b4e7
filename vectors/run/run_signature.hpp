// Tries a signature with libcrypto's keys, as IKE_AUTH would.
#pragma once

#include "vectors/run/outcome.hpp"

namespace mpsec::vectors {

Outcome run_signature(const SignatureCase& signature, const Expectation& expectation);

}  // namespace mpsec::vectors
