// The second narrow door to cryptography: what IKE asks for once an exchange, where crypto/provider.hpp
// serves packets. Nothing made here needs its provider to live on.
#pragma once

#include <array>
#include <cstdint>
#include <initializer_list>
#include <memory>
#include <string>

#include "base/rng.hpp"
#include "crypto/key_exchange.hpp"
#include "crypto/prf.hpp"

namespace mpsec::crypto {

using Sha1Digest = std::array<std::uint8_t, 20>;

class IkeProvider {
 public:
  virtual ~IkeProvider() = default;
  virtual std::string description() const = 0;
  virtual bool supports(const PrfTransform& transform) const noexcept = 0;
  virtual bool supports(const KeyExchangeTransform& transform) const noexcept = 0;

  // The function under a key of any length, the empty one too. Fails (local_fault) on an algorithm that the
  // provider lacks, and so do all below.
  virtual Result<std::unique_ptr<Prf>> prf(const PrfTransform& transform, OctetView key) const = 0;

  // A fresh key pair, its private value drawn from `rng` and nothing else: the same octets, the same pair.
  virtual Result<std::unique_ptr<KeyExchange>> key_exchange(const KeyExchangeTransform& transform,
                                                            Rng& rng) const = 0;

  // The pair of a given private value, for vectors and for opening captures: a big-endian exponent or scalar,
  // or the raw octets of x25519 and x448. Fails (local_fault) where the group has no such private value.
  virtual Result<std::unique_ptr<KeyExchange>> key_exchange_from(const KeyExchangeTransform& transform,
                                                                 OctetView private_value) const = 0;

  // SHA-1 of all parts, one behind the other: for NAT detection (RFC 7296 2.23), where it guards nothing.
  virtual Sha1Digest sha1(std::initializer_list<OctetView> parts) const noexcept = 0;
};

}  // namespace mpsec::crypto
