// What messages of an IKE SA are protected with, by the names that key files give it.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "crypto/transforms.hpp"

namespace mpsec::replay {

struct IkeCipher {
  crypto::EncryptionId id = crypto::EncryptionId::null;
  std::size_t key_octets = 0;  // without salt; 0: what the key has
};

struct IkeIntegrity {
  crypto::IntegrityId id = crypto::IntegrityId::none;
  std::uint8_t unchecked_octets = 0;  // of an ICV that nobody can check
  bool lacking = false;               // because we do not have the algorithm, not because the file says so
};

// "AES-GCM-256 with 16 octet ICV [RFC5282]", "3DES [RFC2451]" as Wireshark's versions have written them, or
// IANA's names ("ENCR_AES_GCM_16"). Nothing for another name, and for a size that the algorithm does not
// have.
std::optional<IkeCipher> ike_cipher_named(std::string_view name);

// "HMAC_SHA2_256_128 [RFC4868]", "NONE [RFC4306]", "ANY 96-bits of Authentication [No Checking]", or IANA's.
std::optional<IkeIntegrity> ike_integrity_named(std::string_view name);

}  // namespace mpsec::replay
