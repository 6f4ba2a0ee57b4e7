#include "trace/wireshark_names.hpp"

#include <fmt/format.h>

namespace mpsec::trace {

using crypto::EncryptionId, crypto::IntegrityId;
using Name = std::optional<WiresharkName>;

Name wireshark_ike_encryption(EncryptionId id, std::size_t key_octets) {
  const std::size_t bits = key_octets * 8;
  const auto combined = [&](const char* mode, int icv_octets) {
    return WiresharkName{fmt::format("AES-{}-{} with {} octet ICV [RFC5282]", mode, bits, icv_octets)};
  };
  switch (id) {
    case EncryptionId::triple_des:
      return WiresharkName{"3DES [RFC2451]"};
    case EncryptionId::aes_cbc:
      return WiresharkName{fmt::format("AES-CBC-{} [RFC3602]", bits)};
    case EncryptionId::aes_ctr:
      return WiresharkName{fmt::format("AES-CTR-{} [RFC5930]", bits)};
    case EncryptionId::aes_ccm_8:
      return combined("CCM", 8);
    case EncryptionId::aes_ccm_12:
      return combined("CCM", 12);
    case EncryptionId::aes_ccm_16:
      return combined("CCM", 16);
    case EncryptionId::aes_gcm_8:
      return combined("GCM", 8);
    case EncryptionId::aes_gcm_12:
      return combined("GCM", 12);
    case EncryptionId::aes_gcm_16:
      return combined("GCM", 16);
    default:
      return std::nullopt;
  }
}

Name wireshark_ike_integrity(IntegrityId id) {
  switch (id) {
    case IntegrityId::none:
      return WiresharkName{"NONE [RFC4306]", false};
    case IntegrityId::hmac_md5_96:
      return WiresharkName{"HMAC_MD5_96 [RFC2403]"};
    case IntegrityId::hmac_sha1_96:
      return WiresharkName{"HMAC_SHA1_96 [RFC2404]"};
    case IntegrityId::hmac_md5_128:
      return WiresharkName{"HMAC_MD5_128 [RFC4595]"};
    case IntegrityId::hmac_sha1_160:
      return WiresharkName{"HMAC_SHA1_160 [RFC4595]"};
    case IntegrityId::aes_xcbc_96:
    case IntegrityId::aes_cmac_96:
      return WiresharkName{"ANY 96-bits of Authentication [No Checking]", false};
    case IntegrityId::hmac_sha2_256_128:
      return WiresharkName{"HMAC_SHA2_256_128 [RFC4868]"};
    case IntegrityId::hmac_sha2_384_192:
      return WiresharkName{"HMAC_SHA2_384_192 [RFC4868]"};
    case IntegrityId::hmac_sha2_512_256:
      return WiresharkName{"HMAC_SHA2_512_256 [RFC4868]"};
    default:
      return std::nullopt;
  }
}

Name wireshark_esp_encryption(EncryptionId id) {
  switch (id) {
    case EncryptionId::null:
      return WiresharkName{"NULL", false};
    case EncryptionId::triple_des:
      return WiresharkName{"TripleDES-CBC [RFC2451]"};
    case EncryptionId::aes_cbc:
      return WiresharkName{"AES-CBC [RFC3602]"};
    case EncryptionId::aes_ctr:
      return WiresharkName{"AES-CTR [RFC3686]"};
    case EncryptionId::aes_gcm_8:
      return WiresharkName{"AES-GCM with 8 octet ICV [RFC4106]"};
    case EncryptionId::aes_gcm_12:
      return WiresharkName{"AES-GCM with 12 octet ICV [RFC4106]"};
    case EncryptionId::aes_gcm_16:
      return WiresharkName{"AES-GCM with 16 octet ICV [RFC4106]"};
    default:
      return std::nullopt;
  }
}

Name wireshark_esp_integrity(IntegrityId id) {
  switch (id) {
    case IntegrityId::none:
      return WiresharkName{"NULL", false};
    case IntegrityId::hmac_md5_96:
      return WiresharkName{"HMAC-MD5-96 [RFC2403]"};
    case IntegrityId::hmac_sha1_96:
      return WiresharkName{"HMAC-SHA-1-96 [RFC2404]"};
    case IntegrityId::aes_xcbc_96:
    case IntegrityId::aes_cmac_96:
      return WiresharkName{"ANY 96 bit authentication [no checking]", false};
    case IntegrityId::hmac_md5_128:
      return WiresharkName{"ANY 128 bit authentication [no checking]", false};
    case IntegrityId::hmac_sha2_256_128:
      return WiresharkName{"HMAC-SHA-256-128 [RFC4868]"};
    case IntegrityId::hmac_sha2_384_192:
      return WiresharkName{"HMAC-SHA-384-192 [RFC4868]"};
    case IntegrityId::hmac_sha2_512_256:
      return WiresharkName{"HMAC-SHA-512-256 [RFC4868]"};
    default:
      return std::nullopt;
  }
}

}  // namespace mpsec::trace
