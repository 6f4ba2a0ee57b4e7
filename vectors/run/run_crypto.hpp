// Tries the cases of cryptography: the provider alone, below ESP and AH.
#pragma once

#include "crypto/provider.hpp"
#include "vectors/run/outcome.hpp"

namespace mpsec::vectors {

// Sealed and opened, alone and in a batch whose neighbour is altered. An invalid case is only opened.
Outcome run_aead(const AeadCase& aead, const Expectation& expectation, const crypto::Provider& provider);

// Encrypted and decrypted, alone and in a batch.
Outcome run_cipher(const CipherCase& cipher, const Expectation& expectation,
                   const crypto::Provider& provider);

// Signed and verified. A tag longer than the transform's ICV is compared in the octets that both have; if an
// invalid one differs only beyond them, the case is not run.
Outcome run_mac(const MacCase& mac, const Expectation& expectation, const crypto::Provider& provider);

}  // namespace mpsec::vectors
