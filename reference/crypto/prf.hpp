// Pseudorandom functions: the IANA registry "IKEv2 Parameters", transform type 2, the keyed function, and the
// stream prf+ that IKE takes all its keys from.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <span>
#include <string_view>

#include "base/error.hpp"
#include "base/octets.hpp"
#include "base/secret.hpp"
#include "crypto/transforms.hpp"

namespace mpsec::crypto {

// Transform Type 2. Values not named here are lawful numbers that we know nothing about.
enum class PrfId : std::uint16_t {
  hmac_md5 = 1,
  hmac_sha1 = 2,
  hmac_tiger = 3,
  aes128_xcbc = 4,
  hmac_sha2_256 = 5,
  hmac_sha2_384 = 6,
  hmac_sha2_512 = 7,
  aes128_cmac = 8,
  hmac_streebog_512 = 9,
};

struct PrfTransform {
  PrfId id;
  std::string_view name;       // "PRF_HMAC_SHA2_256"
  std::uint8_t key_octets;     // the preferred key length: the size of SK_d, SK_pi and SK_pr
  std::uint8_t output_octets;  // of one call
  bool short_nonces;           // SKEYSEED takes 64 bits of each nonce only (RFC 7296 2.14)
  bool supported;
  Requirement requirement;  // RFC 8247 2.2
  std::string_view document;
};

std::span<const PrfTransform> prf_transforms();
// The registry's line, or no_common_ground naming the number and what is known.
Result<const PrfTransform*> find(PrfId id);
// By IANA name, with or without the prefix "PRF_", in either case.
Result<const PrfTransform*> find_prf(std::string_view name);

// The function under one key, to be called as often as one likes. One thread at a time.
class Prf {
 public:
  virtual ~Prf() = default;
  virtual std::size_t output_octets() const noexcept = 0;
  // Writes output_octets() octets: the function of all parts, one behind the other.
  virtual void compute(std::initializer_list<OctetView> parts, std::uint8_t* output) noexcept = 0;
};

// The same as a value.
SecretOctets output_of(Prf& prf, std::initializer_list<OctetView> parts);

// The first `octets` octets of prf+(K, seed), K being the key of `prf`. Fails (local_fault) beyond 255 calls,
// where the function is not defined.
Result<SecretOctets> prf_plus(Prf& prf, OctetView seed, std::size_t octets);

}  // namespace mpsec::crypto
