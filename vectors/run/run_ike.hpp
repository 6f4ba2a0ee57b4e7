// Tries the cases of IKE: its pseudorandom functions, keys, key exchanges and whole messages.
#pragma once

#include "crypto/provider.hpp"
#include "vectors/run/outcome.hpp"

namespace mpsec::vectors {

// These do not depend on the provider of ciphers: libcrypto does them.
Outcome run_prf(const PrfCase& prf, const Expectation& expectation);
// Every result that the vector has.
Outcome run_ike_keys(const IkeKeysCase& keys, const Expectation& expectation);
Outcome run_key_exchange(const KeyExchangeCase& exchange, const Expectation& expectation);

// Sealed, to every octet of the vector's, and opened. An invalid one is only opened.
Outcome run_ike_message(const IkeMessageCase& message, const Expectation& expectation,
                        const crypto::Provider& provider);

}  // namespace mpsec::vectors
