// What Wireshark 4.0 calls our algorithms, in its tables ikev2_decryption_table and esp_sa. Found by offering
// names to tshark; interop/scapy/dissect.py offers them again.
#pragma once

#include <optional>
#include <string>

#include "crypto/transforms.hpp"

namespace mpsec::trace {

// Nothing where Wireshark has no name. Where it knows no more than how long an ICV is, the name says so and
// the ICV goes unchecked: such an integrity algorithm has no key in the table.
struct WiresharkName {
  std::string name;
  bool takes_key = true;
};

// `key_octets` without the salt.
std::optional<WiresharkName> wireshark_ike_encryption(crypto::EncryptionId id, std::size_t key_octets);
std::optional<WiresharkName> wireshark_ike_integrity(crypto::IntegrityId id);
std::optional<WiresharkName> wireshark_esp_encryption(crypto::EncryptionId id);
std::optional<WiresharkName> wireshark_esp_integrity(crypto::IntegrityId id);

}  // namespace mpsec::trace
