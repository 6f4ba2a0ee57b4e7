// The Linux kernel's names of algorithms, as "ip xfrm state" prints them.
#pragma once

#include <optional>
#include <string_view>

#include "crypto/transforms.hpp"

namespace mpsec::replay {

struct XfrmIntegrity {
  crypto::IntegrityId id;              // none: the ICV cannot be checked
  std::uint8_t unverified_octets = 0;  // then so many octets are its
};

// "cbc(aes)"; nothing for a name that we cannot use.
std::optional<crypto::EncryptionId> xfrm_cipher(std::string_view name);
// "rfc4106(gcm(aes))" with an ICV of so many bits.
std::optional<crypto::EncryptionId> xfrm_aead(std::string_view name, std::uint64_t icv_bits);
// "hmac(sha256)" with an ICV of so many bits; 0 where the line does not say: then the kernel's own length.
std::optional<XfrmIntegrity> xfrm_integrity(std::string_view name, std::uint64_t icv_bits);

}  // namespace mpsec::replay
