// Key exchange methods: the IANA registry "IKEv2 Parameters", transform type 4, and one side of an exchange.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string_view>

#include "base/error.hpp"
#include "base/octets.hpp"
#include "base/secret.hpp"
#include "crypto/transforms.hpp"

namespace mpsec::crypto {

// Transform Type 4. Values not named here are lawful numbers that we know nothing about.
enum class KeyExchangeId : std::uint16_t {
  none = 0,
  modp_768 = 1,
  modp_1024 = 2,
  modp_1536 = 5,
  modp_2048 = 14,
  modp_3072 = 15,
  modp_4096 = 16,
  modp_6144 = 17,
  modp_8192 = 18,
  ecp_256 = 19,
  ecp_384 = 20,
  ecp_521 = 21,
  modp_1024_160 = 22,
  modp_2048_224 = 23,
  modp_2048_256 = 24,
  ecp_192 = 25,
  ecp_224 = 26,
  brainpool_p224r1 = 27,
  brainpool_p256r1 = 28,
  brainpool_p384r1 = 29,
  brainpool_p512r1 = 30,
  curve25519 = 31,
  curve448 = 32,
  gost3410_2012_256 = 33,
  gost3410_2012_512 = 34,
  ml_kem_512 = 35,
  ml_kem_768 = 36,
  ml_kem_1024 = 37,
};

enum class KeyExchangeKind : std::uint8_t {
  none,           // the value NONE: no key exchange
  modp_safe,      // (p-1)/2 is prime too
  modp_subgroup,  // RFC 5114's groups: a small subgroup of prime order q
  ecp,
  montgomery,  // x25519, x448
  unsupported,
};

struct KeyExchangeTransform {
  KeyExchangeId id;
  std::string_view name;  // "Curve25519", "2048-bit MODP"
  std::string_view slug;  // as configuration and vectors write it: "x25519", "modp_2048"
  KeyExchangeKind kind;
  std::uint16_t public_octets;  // of Key Exchange Data, always this many
  std::uint16_t shared_octets;  // of g^ir, always this many
  Requirement requirement;      // RFC 8247 2.4
  std::string_view document;
};

std::span<const KeyExchangeTransform> key_exchange_transforms();
// The registry's line, or no_common_ground naming the number and what is known.
Result<const KeyExchangeTransform*> find(KeyExchangeId id);
// By slug or name, in either case.
Result<const KeyExchangeTransform*> find_key_exchange(std::string_view name);

// What is wrong with a public value that a peer has sent.
enum class PublicValueFault : std::uint8_t {
  wrong_length,  // not the fixed length of the group
  out_of_range,  // not 1 < r < p-1 (MODP), or a coordinate not below p (ECP)
  off_curve,     // the point does not satisfy the curve's equation
  wrong_order,   // r^q != 1 in a group with small subgroups
  zero_secret,   // the shared secret came out as nothing but zeros (x25519, x448)
};
std::string_view to_string(PublicValueFault fault);
// With found and expected lengths, and the clause that refuses it; peer_misbehaved.
Error error_of(PublicValueFault fault, const KeyExchangeTransform& transform, std::size_t found_octets);

// One side's key pair in one group. It may serve more than one exchange: all checks that this asks for are
// always made (RFC 6989 2, RFC 8247 2.4).
class KeyExchange {
 public:
  virtual ~KeyExchange() = default;
  virtual const KeyExchangeTransform& transform() const noexcept = 0;
  // Key Exchange Data as it goes into the KE payload: transform().public_octets octets, leading zeros kept
  // (RFC 7296 3.4, RFC 5903 7, RFC 8031 3).
  virtual OctetView public_value() const noexcept = 0;
  // g^ir in transform().shared_octets octets, or what is wrong with the peer's public value.
  virtual std::expected<SecretOctets, PublicValueFault> shared_secret(OctetView peer_public) noexcept = 0;
};

}  // namespace mpsec::crypto
