#include "pcap-replay/keys/xfrm_algorithms.hpp"

#include <algorithm>

namespace mpsec::replay {
namespace {

using crypto::EncryptionId;
using crypto::IntegrityId;

struct Cipher {
  std::string_view name;
  EncryptionId id;
};
constexpr Cipher ciphers[] = {
    {"cbc(aes)", EncryptionId::aes_cbc},          {"aes", EncryptionId::aes_cbc},
    {"cbc(des3_ede)", EncryptionId::triple_des},  {"des3_ede", EncryptionId::triple_des},
    {"rfc3686(ctr(aes))", EncryptionId::aes_ctr}, {"ecb(cipher_null)", EncryptionId::null},
    {"cipher_null", EncryptionId::null},
};

struct Aead {
  std::string_view name;
  std::uint64_t icv_bits;
  EncryptionId id;
};
constexpr Aead aeads[] = {
    {"rfc4106(gcm(aes))", 64, EncryptionId::aes_gcm_8},
    {"rfc4106(gcm(aes))", 96, EncryptionId::aes_gcm_12},
    {"rfc4106(gcm(aes))", 128, EncryptionId::aes_gcm_16},
    {"rfc4309(ccm(aes))", 64, EncryptionId::aes_ccm_8},
    {"rfc4309(ccm(aes))", 96, EncryptionId::aes_ccm_12},
    {"rfc4309(ccm(aes))", 128, EncryptionId::aes_ccm_16},
    {"rfc4543(gcm(aes))", 128, EncryptionId::null_auth_aes_gmac},
    {"rfc7539esp(chacha20,poly1305)", 128, EncryptionId::chacha20_poly1305},
};

struct Mac {
  std::string_view name, short_name;
  std::uint64_t kernel_bits;  // of the ICV where the SA does not say
  std::uint64_t bits;         // of the ICV that the transform has
  IntegrityId id;
};
constexpr Mac macs[] = {
    {"hmac(md5)", "md5", 96, 96, IntegrityId::hmac_md5_96},
    {"hmac(md5)", "md5", 96, 128, IntegrityId::hmac_md5_128},
    {"hmac(sha1)", "sha1", 96, 96, IntegrityId::hmac_sha1_96},
    {"hmac(sha1)", "sha1", 96, 160, IntegrityId::hmac_sha1_160},
    {"hmac(sha256)", "sha256", 96, 128, IntegrityId::hmac_sha2_256_128},
    {"hmac(sha384)", "sha384", 192, 192, IntegrityId::hmac_sha2_384_192},
    {"hmac(sha512)", "sha512", 256, 256, IntegrityId::hmac_sha2_512_256},
    {"xcbc(aes)", "xcbc(aes)", 96, 96, IntegrityId::aes_xcbc_96},
    {"cmac(aes)", "cmac(aes)", 96, 96, IntegrityId::aes_cmac_96},
    {"hmac(rmd160)", "rmd160", 96, 0, IntegrityId::none},
    {"hmac(sm3)", "sm3", 256, 0, IntegrityId::none},
};

}  // namespace

std::optional<EncryptionId> xfrm_cipher(std::string_view name) {
  const auto* found = std::ranges::find(ciphers, name, &Cipher::name);
  if (found == std::end(ciphers)) return std::nullopt;
  return found->id;
}

std::optional<EncryptionId> xfrm_aead(std::string_view name, std::uint64_t icv_bits) {
  for (const Aead& aead : aeads)
    if (aead.name == name && aead.icv_bits == icv_bits) return aead.id;
  return std::nullopt;
}

std::optional<XfrmIntegrity> xfrm_integrity(std::string_view name, std::uint64_t icv_bits) {
  if (name == "digest_null") return XfrmIntegrity{IntegrityId::none, 0};
  const Mac* known = nullptr;
  for (const Mac& mac : macs) {
    if (mac.name != name && mac.short_name != name) continue;
    known = &mac;
    const std::uint64_t bits = icv_bits == 0 ? mac.kernel_bits : icv_bits;
    if (mac.bits == bits) return XfrmIntegrity{mac.id, 0};
  }
  if (known == nullptr || icv_bits % 8 != 0 || icv_bits > 512) return std::nullopt;
  // A known function cut to a length that no transform has, as sha256 to the kernel's own 96 bits.
  const std::uint64_t bits = icv_bits == 0 ? known->kernel_bits : icv_bits;
  return XfrmIntegrity{IntegrityId::none, static_cast<std::uint8_t>(bits / 8)};
}

}  // namespace mpsec::replay
