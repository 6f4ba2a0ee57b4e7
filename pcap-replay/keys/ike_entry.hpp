// The keys of an IKE SA as a key file gives them: some or all.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/error.hpp"
#include "base/secret.hpp"
#include "base/strong.hpp"
#include "crypto/prf.hpp"
#include "crypto/transforms.hpp"
#include "pcap-replay/keys/key_text.hpp"

namespace mpsec::replay {

// What its messages are opened with. SK_e* hold the salt behind the key.
struct IkeMessageKeys {
  crypto::EncryptionId encryption = crypto::EncryptionId::null;
  crypto::IntegrityId integrity = crypto::IntegrityId::none;
  std::uint8_t unchecked_icv_octets = 0;  // of an ICV that nobody can check
  SecretOctets ei, er, ai, ar;

  bool icv_checked() const;
  IkeMessageKeys clone() const;
};

struct IkeKeyEntry {
  std::string where;  // "ikev2_decryption_table:3"
  IkeSpi initiator_spi, responder_spi;
  std::optional<IkeMessageKeys> messages;
  // For what is made under this IKE SA: Child SAs, the IKE SA that replaces it.
  std::optional<crypto::PrfId> prf;          // absent: as IKE_SA_INIT in the capture says
  SecretOctets d;                            // SK_d; empty: not known
  std::vector<SecretOctets> shared_secrets;  // g^ir of its exchanges, in any order
};

// Whether keys have the sizes that their algorithms take; fails at the place of the first that has not.
struct IkeKeyPlaces {
  Word ei, er, ai, ar;
};
Result<> check_ike_keys(std::string_view file, const IkeMessageKeys& keys, std::size_t cipher_key_octets,
                        const IkeKeyPlaces& at);

}  // namespace mpsec::replay
