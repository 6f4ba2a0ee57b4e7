#include "crypto/transforms.hpp"

#include <algorithm>
#include <array>

#include "crypto/registry.hpp"

namespace mpsec::crypto {
namespace {

constexpr std::array<std::uint8_t, 1> no_key = {0};
constexpr std::array<std::uint8_t, 1> key_24 = {24};
constexpr std::array<std::uint8_t, 1> key_32 = {32};
constexpr std::array<std::uint8_t, 3> aes_keys = {16, 24, 32};

using enum CipherKind;
using enum Requirement;
using E = EncryptionId;
using I = IntegrityId;

// clang-format off
constexpr EncryptionTransform encryption_table[] = {
    // id                       name                           kind        keys  salt iv block icv  implicit
    {E::des_iv64,               "ENCR_DES_IV64",               unsupported, {},       0, 0,  0,  0, false, must_not,   "unspecified"},
    {E::des,                    "ENCR_DES",                    unsupported, {},       0, 0,  0,  0, false, must_not,   "RFC 2405"},
    {E::triple_des,             "ENCR_3DES",                   cbc,         key_24,   0, 8,  8,  0, false, should_not, "RFC 2451"},
    {E::rc5,                    "ENCR_RC5",                    unsupported, {},       0, 0,  0,  0, false, may,        "RFC 2451"},
    {E::idea,                   "ENCR_IDEA",                   unsupported, {},       0, 0,  0,  0, false, may,        "RFC 2451"},
    {E::cast,                   "ENCR_CAST",                   unsupported, {},       0, 0,  0,  0, false, may,        "RFC 2451"},
    {E::blowfish,               "ENCR_BLOWFISH",               unsupported, {},       0, 0,  0,  0, false, must_not,   "RFC 2451"},
    {E::triple_idea,            "ENCR_3IDEA",                  unsupported, {},       0, 0,  0,  0, false, must_not,   "unspecified"},
    {E::des_iv32,               "ENCR_DES_IV32",               unsupported, {},       0, 0,  0,  0, false, must_not,   "unspecified"},
    {E::null,                   "ENCR_NULL",                   null,        no_key,   0, 0,  1,  0, false, must,       "RFC 2410"},
    {E::aes_cbc,                "ENCR_AES_CBC",                cbc,         aes_keys, 0, 16, 16, 0, false, must,       "RFC 3602"},
    {E::aes_ctr,                "ENCR_AES_CTR",                ctr,         aes_keys, 4, 8,  1,  0, false, may,        "RFC 3686"},
    {E::aes_ccm_8,              "ENCR_AES_CCM_8",              ccm,         aes_keys, 3, 8,  1,  8, false, should,     "RFC 4309"},
    {E::aes_ccm_12,             "ENCR_AES_CCM_12",             ccm,         aes_keys, 3, 8,  1, 12, false, may,        "RFC 4309"},
    {E::aes_ccm_16,             "ENCR_AES_CCM_16",             ccm,         aes_keys, 3, 8,  1, 16, false, may,        "RFC 4309"},
    {E::aes_gcm_8,              "ENCR_AES_GCM_8",              gcm,         aes_keys, 4, 8,  1,  8, false, may,        "RFC 4106"},
    {E::aes_gcm_12,             "ENCR_AES_GCM_12",             gcm,         aes_keys, 4, 8,  1, 12, false, may,        "RFC 4106"},
    {E::aes_gcm_16,             "ENCR_AES_GCM_16",             gcm,         aes_keys, 4, 8,  1, 16, false, must,       "RFC 4106"},
    {E::null_auth_aes_gmac,     "ENCR_NULL_AUTH_AES_GMAC",     gmac,        aes_keys, 4, 8,  1, 16, false, may,        "RFC 4543"},
    {E::camellia_cbc,           "ENCR_CAMELLIA_CBC",           unsupported, {},       0, 0,  0,  0, false, may,        "RFC 5529"},
    {E::camellia_ctr,           "ENCR_CAMELLIA_CTR",           unsupported, {},       0, 0,  0,  0, false, may,        "RFC 5529"},
    {E::camellia_ccm_8,         "ENCR_CAMELLIA_CCM_8",         unsupported, {},       0, 0,  0,  0, false, may,        "RFC 5529"},
    {E::camellia_ccm_12,        "ENCR_CAMELLIA_CCM_12",        unsupported, {},       0, 0,  0,  0, false, may,        "RFC 5529"},
    {E::camellia_ccm_16,        "ENCR_CAMELLIA_CCM_16",        unsupported, {},       0, 0,  0,  0, false, may,        "RFC 5529"},
    {E::chacha20_poly1305,      "ENCR_CHACHA20_POLY1305",      CipherKind::chacha20_poly1305, key_32, 4, 8, 1, 16, false, should, "RFC 7634"},
    {E::aes_ccm_8_iiv,          "ENCR_AES_CCM_8_IIV",          ccm,         aes_keys, 3, 8,  1,  8, true,  may,        "RFC 8750"},
    {E::aes_gcm_16_iiv,         "ENCR_AES_GCM_16_IIV",         gcm,         aes_keys, 4, 8,  1, 16, true,  may,        "RFC 8750"},
    {E::chacha20_poly1305_iiv,  "ENCR_CHACHA20_POLY1305_IIV",  CipherKind::chacha20_poly1305, key_32, 4, 8, 1, 16, true, may, "RFC 8750"},
    {E::kuznyechik_mgm_ktree,     "ENCR_KUZNYECHIK_MGM_KTREE",     unsupported, {}, 0, 0,  0,  0, false, may,        "RFC 9227"},
    {E::magma_mgm_ktree,          "ENCR_MAGMA_MGM_KTREE",          unsupported, {}, 0, 0,  0,  0, false, may,        "RFC 9227"},
    {E::kuznyechik_mgm_mac_ktree, "ENCR_KUZNYECHIK_MGM_MAC_KTREE", unsupported, {}, 0, 0,  0,  0, false, may,        "RFC 9227"},
    {E::magma_mgm_mac_ktree,      "ENCR_MAGMA_MGM_MAC_KTREE",      unsupported, {}, 0, 0,  0,  0, false, may,        "RFC 9227"},
};

constexpr IntegrityTransform integrity_table[] = {
    // id                  name                   key icv iv salt supported
    {I::none,              "NONE",                     0,  0,  0, 0, false, must,       "RFC 7296"},
    {I::hmac_md5_96,       "AUTH_HMAC_MD5_96",        16, 12,  0, 0, true,  must_not,   "RFC 2403"},
    {I::hmac_sha1_96,      "AUTH_HMAC_SHA1_96",       20, 12,  0, 0, true,  must_minus, "RFC 2404"},
    {I::des_mac,           "AUTH_DES_MAC",             0,  0,  0, 0, false, must_not,   "unspecified"},
    {I::kpdk_md5,          "AUTH_KPDK_MD5",            0,  0,  0, 0, false, must_not,   "unspecified"},
    {I::aes_xcbc_96,       "AUTH_AES_XCBC_96",        16, 12,  0, 0, true,  may,        "RFC 3566"},
    {I::hmac_md5_128,      "AUTH_HMAC_MD5_128",       16, 16,  0, 0, true,  may,        "RFC 4595"},
    {I::hmac_sha1_160,     "AUTH_HMAC_SHA1_160",      20, 20,  0, 0, true,  may,        "RFC 4595"},
    {I::aes_cmac_96,       "AUTH_AES_CMAC_96",        16, 12,  0, 0, true,  may,        "RFC 4494"},
    {I::aes_128_gmac,      "AUTH_AES_128_GMAC",       16, 16,  8, 4, true,  may,        "RFC 4543"},
    {I::aes_192_gmac,      "AUTH_AES_192_GMAC",       24, 16,  8, 4, true,  may,        "RFC 4543"},
    {I::aes_256_gmac,      "AUTH_AES_256_GMAC",       32, 16,  8, 4, true,  may,        "RFC 4543"},
    {I::hmac_sha2_256_128, "AUTH_HMAC_SHA2_256_128",  32, 16,  0, 0, true,  must,       "RFC 4868"},
    {I::hmac_sha2_384_192, "AUTH_HMAC_SHA2_384_192",  48, 24,  0, 0, true,  may,        "RFC 4868"},
    {I::hmac_sha2_512_256, "AUTH_HMAC_SHA2_512_256",  64, 32,  0, 0, true,  should,     "RFC 4868"},
};
// clang-format on

}  // namespace

bool EncryptionTransform::takes_key(std::size_t octets) const {
  return std::ranges::any_of(key_sizes, [octets](std::uint8_t size) { return size == octets; });
}

std::span<const EncryptionTransform> encryption_transforms() {
  return encryption_table;
}
std::span<const IntegrityTransform> integrity_transforms() {
  return integrity_table;
}

Result<const EncryptionTransform*> find(EncryptionId id) {
  return registry::by_number(encryption_transforms(), id, "encryption transform");
}

Result<const IntegrityTransform*> find(IntegrityId id) {
  return registry::by_number(integrity_transforms(), id, "integrity transform");
}

Result<const EncryptionTransform*> find_encryption(std::string_view name) {
  return registry::by_name(encryption_transforms(), name, "ENCR_", "encryption transform");
}

Result<const IntegrityTransform*> find_integrity(std::string_view name) {
  return registry::by_name(integrity_transforms(), name, "AUTH_", "integrity transform");
}

std::string_view to_string(Requirement requirement) {
  switch (requirement) {
    case must:
      return "MUST";
    case must_minus:
      return "MUST-";
    case should:
      return "SHOULD";
    case should_plus:
      return "SHOULD+";
    case may:
      return "MAY";
    case should_not:
      return "SHOULD NOT";
    case must_not:
      return "MUST NOT";
  }
  return "unknown";
}

}  // namespace mpsec::crypto
