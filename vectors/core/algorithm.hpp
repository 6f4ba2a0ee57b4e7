// The algorithms that vectors speak of, by one name each, whatever a source calls them.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

namespace mpsec::vectors {

enum class Algorithm : std::uint8_t {
  aes_gcm,
  aes_ccm,
  chacha20_poly1305,
  aes_cbc,
  aes_ctr,
  triple_des_cbc,
  null_cipher,
  hmac_md5,
  hmac_sha1,
  hmac_sha2_256,
  hmac_sha2_384,
  hmac_sha2_512,
  aes_xcbc,
  aes_cmac,
  aes_gmac,
  prf_hmac_md5,
  prf_hmac_sha1,
  prf_hmac_sha2_256,
  prf_hmac_sha2_384,
  prf_hmac_sha2_512,
  prf_aes_xcbc,
  prf_aes_cmac,
};

// What an algorithm does; it decides which kind of vector may name it.
enum class Role : std::uint8_t { aead, cipher, mac, prf };

struct AlgorithmEntry {
  Algorithm algorithm;
  Role role;
  std::string_view name;  // as our own files write it and reports print it
};

// Every algorithm once, in the order of the enumeration.
std::span<const AlgorithmEntry> algorithms();

std::string_view to_string(Algorithm algorithm);
Role role_of(Algorithm algorithm);

// The algorithm of our own name; nothing if no algorithm has it.
std::optional<Algorithm> algorithm_named(std::string_view name);

// HMAC over the hash that a source calls "SHA-1", "SHA1", "sha256", "SHA2-256", "MD5"...; nothing for a
// hash that IPsec has no HMAC transform with (SHA-224, SHA-512/256, SHA-3, RIPEMD-160).
std::optional<Algorithm> hmac_over(std::string_view hash);

}  // namespace mpsec::vectors
