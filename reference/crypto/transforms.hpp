// The IANA registry "IKEv2 Parameters", transform types 1 (encryption) and 3 (integrity): what every
// algorithm is called and how long its parts are. One line per algorithm, in transforms.cpp.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "base/error.hpp"

namespace mpsec::crypto {

// Transform Type 1. Values not named here are lawful numbers that we know nothing about.
enum class EncryptionId : std::uint16_t {
  des_iv64 = 1,
  des = 2,
  triple_des = 3,
  rc5 = 4,
  idea = 5,
  cast = 6,
  blowfish = 7,
  triple_idea = 8,
  des_iv32 = 9,
  null = 11,
  aes_cbc = 12,
  aes_ctr = 13,
  aes_ccm_8 = 14,
  aes_ccm_12 = 15,
  aes_ccm_16 = 16,
  aes_gcm_8 = 18,
  aes_gcm_12 = 19,
  aes_gcm_16 = 20,
  null_auth_aes_gmac = 21,
  camellia_cbc = 23,
  camellia_ctr = 24,
  camellia_ccm_8 = 25,
  camellia_ccm_12 = 26,
  camellia_ccm_16 = 27,
  chacha20_poly1305 = 28,
  aes_ccm_8_iiv = 29,
  aes_gcm_16_iiv = 30,
  chacha20_poly1305_iiv = 31,
  kuznyechik_mgm_ktree = 32,
  magma_mgm_ktree = 33,
  kuznyechik_mgm_mac_ktree = 34,
  magma_mgm_mac_ktree = 35,
};

// Transform Type 3.
enum class IntegrityId : std::uint16_t {
  none = 0,
  hmac_md5_96 = 1,
  hmac_sha1_96 = 2,
  des_mac = 3,
  kpdk_md5 = 4,
  aes_xcbc_96 = 5,
  hmac_md5_128 = 6,
  hmac_sha1_160 = 7,
  aes_cmac_96 = 8,
  aes_128_gmac = 9,
  aes_192_gmac = 10,
  aes_256_gmac = 11,
  hmac_sha2_256_128 = 12,
  hmac_sha2_384_192 = 13,
  hmac_sha2_512_256 = 14,
};

// What RFC 8221 (sections 5 and 6) asks of an implementation; what it does not mention is `may` (1.2).
enum class Requirement : std::uint8_t { must, must_minus, should, should_plus, may, should_not, must_not };

enum class CipherKind : std::uint8_t { null, cbc, ctr, gcm, ccm, chacha20_poly1305, gmac, unsupported };

struct EncryptionTransform {
  EncryptionId id;
  std::string_view name;  // as IANA writes it: "ENCR_AES_GCM_16"
  CipherKind kind;
  std::span<const std::uint8_t> key_sizes;  // in octets, without the salt, ascending; {0} for NULL
  std::uint8_t salt_octets;                 // taken from KEYMAT behind the key (RFC 4106 8.1)
  std::uint8_t iv_octets;                   // of the whole IV before any omission: 8 for an implicit one too
  std::uint8_t block_octets;                // the text's length is a multiple of this; 1 for streams
  std::uint8_t icv_octets;                  // 0 where a separate integrity transform is needed
  bool implicit_iv;                         // the IV is the sequence number, not on the wire (RFC 8750)
  Requirement requirement;                  // RFC 8221 5
  std::string_view document;                // where its use with ESP is defined

  bool combined() const { return icv_octets != 0; }
  std::uint8_t wire_iv_octets() const { return implicit_iv ? std::uint8_t{0} : iv_octets; }
  // True if the IV or nonce comes from a counter that must never repeat under one key.
  bool counter_mode() const {
    return kind == CipherKind::ctr || kind == CipherKind::gcm || kind == CipherKind::ccm ||
           kind == CipherKind::chacha20_poly1305 || kind == CipherKind::gmac;
  }
  bool takes_key(std::size_t octets) const;  // without the salt
};

struct IntegrityTransform {
  IntegrityId id;
  std::string_view name;  // "AUTH_HMAC_SHA2_256_128"
  std::uint8_t key_octets;
  std::uint8_t icv_octets;
  std::uint8_t iv_octets;    // GMAC as an AH transform carries an IV (RFC 4543 3.2): 8; else 0
  std::uint8_t salt_octets;  // GMAC: 4; else 0
  bool supported;            // false for NONE too: there is nothing to compute
  Requirement requirement;   // RFC 8221 6
  std::string_view document;
};

std::span<const EncryptionTransform> encryption_transforms();
std::span<const IntegrityTransform> integrity_transforms();

// The registry's line, or no_common_ground naming the number and what is known.
Result<const EncryptionTransform*> find(EncryptionId id);
Result<const IntegrityTransform*> find(IntegrityId id);
// By IANA name, with or without the prefix "ENCR_" or "AUTH_", in either case.
Result<const EncryptionTransform*> find_encryption(std::string_view name);
Result<const IntegrityTransform*> find_integrity(std::string_view name);

std::string_view to_string(Requirement requirement);

}  // namespace mpsec::crypto
