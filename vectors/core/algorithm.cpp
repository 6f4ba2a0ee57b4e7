#include "vectors/core/algorithm.hpp"

#include <array>
#include <cctype>
#include <string>

namespace mpsec::vectors {
namespace {

constexpr std::array table{
    AlgorithmEntry{Algorithm::aes_gcm, Role::aead, "AES-GCM"},
    AlgorithmEntry{Algorithm::aes_ccm, Role::aead, "AES-CCM"},
    AlgorithmEntry{Algorithm::chacha20_poly1305, Role::aead, "CHACHA20-POLY1305"},
    AlgorithmEntry{Algorithm::aes_cbc, Role::cipher, "AES-CBC"},
    AlgorithmEntry{Algorithm::aes_ctr, Role::cipher, "AES-CTR"},
    AlgorithmEntry{Algorithm::triple_des_cbc, Role::cipher, "3DES-CBC"},
    AlgorithmEntry{Algorithm::null_cipher, Role::cipher, "NULL"},
    AlgorithmEntry{Algorithm::hmac_md5, Role::mac, "HMAC-MD5"},
    AlgorithmEntry{Algorithm::hmac_sha1, Role::mac, "HMAC-SHA1"},
    AlgorithmEntry{Algorithm::hmac_sha2_256, Role::mac, "HMAC-SHA2-256"},
    AlgorithmEntry{Algorithm::hmac_sha2_384, Role::mac, "HMAC-SHA2-384"},
    AlgorithmEntry{Algorithm::hmac_sha2_512, Role::mac, "HMAC-SHA2-512"},
    AlgorithmEntry{Algorithm::aes_xcbc, Role::mac, "AES-XCBC"},
    AlgorithmEntry{Algorithm::aes_cmac, Role::mac, "AES-CMAC"},
    AlgorithmEntry{Algorithm::aes_gmac, Role::mac, "AES-GMAC"},
    AlgorithmEntry{Algorithm::prf_hmac_md5, Role::prf, "PRF-HMAC-MD5"},
    AlgorithmEntry{Algorithm::prf_hmac_sha1, Role::prf, "PRF-HMAC-SHA1"},
    AlgorithmEntry{Algorithm::prf_hmac_sha2_256, Role::prf, "PRF-HMAC-SHA2-256"},
    AlgorithmEntry{Algorithm::prf_hmac_sha2_384, Role::prf, "PRF-HMAC-SHA2-384"},
    AlgorithmEntry{Algorithm::prf_hmac_sha2_512, Role::prf, "PRF-HMAC-SHA2-512"},
    AlgorithmEntry{Algorithm::prf_aes_xcbc, Role::prf, "PRF-AES128-XCBC"},
    AlgorithmEntry{Algorithm::prf_aes_cmac, Role::prf, "PRF-AES128-CMAC"},
};

consteval bool in_order_of_enumeration() {
  for (std::size_t i = 0; i < table.size(); ++i)
    if (static_cast<std::size_t>(table[i].algorithm) != i) return false;
  return true;
}
static_assert(in_order_of_enumeration());

const AlgorithmEntry& entry(Algorithm algorithm) {
  return table[static_cast<std::size_t>(algorithm)];
}

// Letters and digits only, in upper case: "sha2-256", "SHA_256" and "SHA-256" differ in the "2" alone.
std::string bare(std::string_view name) {
  std::string letters;
  for (const char c : name)
    if (std::isalnum(static_cast<unsigned char>(c)) != 0)
      letters.push_back(static_cast<char>(std::toupper(static_cast<unsigned char>(c))));
  return letters;
}

}  // namespace

std::span<const AlgorithmEntry> algorithms() {
  return table;
}
std::string_view to_string(Algorithm algorithm) {
  return entry(algorithm).name;
}
Role role_of(Algorithm algorithm) {
  return entry(algorithm).role;
}

std::optional<Algorithm> algorithm_named(std::string_view name) {
  for (const AlgorithmEntry& candidate : table)
    if (candidate.name == name) return candidate.algorithm;
  return std::nullopt;
}

std::optional<Algorithm> hmac_over(std::string_view hash) {
  const std::string name = bare(hash);
  if (name == "MD5") return Algorithm::hmac_md5;
  if (name == "SHA1") return Algorithm::hmac_sha1;
  if (name == "SHA256" || name == "SHA2256") return Algorithm::hmac_sha2_256;
  if (name == "SHA384" || name == "SHA2384") return Algorithm::hmac_sha2_384;
  if (name == "SHA512" || name == "SHA2512") return Algorithm::hmac_sha2_512;
  return std::nullopt;
}

}  // namespace mpsec::vectors
