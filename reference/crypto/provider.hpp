// The narrow door to cryptography. A provider makes keyed objects; a keyed object works on batches of
// jobs that share its key, in place, without allocating.
//
// Objects may be used by one thread at a time; clone() makes one for another thread.
//
// The contract of the batch calls: lengths are lawful for the transform (the caller checked the packet), so
// nothing can fail but our own code or the machine. Should the library underneath refuse all the same, then
// open and verify leave `authentic` false, and seal, encrypt, decrypt and sign end the program with a
// message (fatal()): a text that was not protected must never leave.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "base/octets.hpp"
#include "base/rng.hpp"
#include "crypto/transforms.hpp"

namespace mpsec::crypto {

// One authenticated encryption or decryption, in place.
//
// `associated` is what ESP adds for every combined algorithm: SPI | SN, or SPI | high | low with extended
// sequence numbers (RFC 4106 5). ENCR_NULL_AUTH_AES_GMAC takes the same: its text passes clear, and the
// object itself authenticates associated | IV | text, the IV being the last eight octets of the nonce
// (RFC 4543 3.3, 3.5 figure 4). The caller need not know that it is there.
struct AeadJob {
  const std::uint8_t* nonce;  // Aead::nonce_octets(): salt, then IV (RFC 4106 4, RFC 4309 4, RFC 7634 2)
  OctetView associated;
  MutableOctets text;
  std::uint8_t* icv;       // Aead::icv_octets() octets: written by seal, compared by open
  bool authentic = false;  // set by open
};

class Aead {
 public:
  virtual ~Aead() = default;
  virtual std::size_t nonce_octets() const noexcept = 0;
  virtual std::size_t icv_octets() const noexcept = 0;
  virtual void seal(std::span<AeadJob> jobs) noexcept = 0;
  // Sets `authentic` on every job. Where it is false the text is unspecified and must not be used.
  virtual void open(std::span<AeadJob> jobs) noexcept = 0;
  virtual std::unique_ptr<Aead> clone() const = 0;
};

// One encryption or decryption without authentication, in place.
struct CipherJob {
  const std::uint8_t* iv;  // Cipher::iv_octets() octets; CTR: nonce | IV, blocks count from 1 (RFC 3686 4)
  MutableOctets text;      // a multiple of the block size
};

class Cipher {
 public:
  virtual ~Cipher() = default;
  virtual std::size_t iv_octets() const noexcept = 0;
  virtual void encrypt(std::span<CipherJob> jobs) noexcept = 0;
  virtual void decrypt(std::span<CipherJob> jobs) noexcept = 0;
  virtual std::unique_ptr<Cipher> clone() const = 0;
};

// One integrity check value over `text | trailer`.
struct MacJob {
  OctetView text;
  OctetView trailer;       // the high half of an ESN, or nothing; never more than 8 octets
  std::uint8_t* icv;       // Mac::icv_octets() octets: written by sign, compared by verify
  const std::uint8_t* iv;  // Mac::iv_octets() octets: the IV of a GMAC, without the salt; else ignored
  bool authentic = false;  // set by verify
};

class Mac {
 public:
  virtual ~Mac() = default;
  virtual std::size_t icv_octets() const noexcept = 0;
  virtual std::size_t iv_octets() const noexcept { return 0; }
  virtual void sign(std::span<MacJob> jobs) noexcept = 0;
  virtual void verify(std::span<MacJob> jobs) noexcept = 0;
  virtual std::unique_ptr<Mac> clone() const = 0;
};

class Provider {
 public:
  virtual ~Provider() = default;
  virtual std::string_view name() const noexcept = 0;
  // What this machine and library can do, e.g. "OpenSSL 3.0.19" or "intel-ipsec-mb 1.3, AVX512".
  virtual std::string description() const = 0;
  virtual bool supports(const EncryptionTransform& transform) const noexcept = 0;
  virtual bool supports(const IntegrityTransform& transform) const noexcept = 0;

  // `key` is the cipher key without the salt: the caller composes nonces. Fail (local_fault) on a
  // wrong key size, naming the algorithm, the size found and those allowed, and on an algorithm that
  // the provider lacks.
  virtual Result<std::unique_ptr<Aead>> aead(const EncryptionTransform& transform, OctetView key) const = 0;
  virtual Result<std::unique_ptr<Cipher>> cipher(const EncryptionTransform& transform,
                                                 OctetView key) const = 0;
  // For a GMAC, `key` is the key and then the four octets of salt.
  virtual Result<std::unique_ptr<Mac>> mac(const IntegrityTransform& transform, OctetView key) const = 0;
};

// The checks every provider makes first: key size, kind, support. On success nothing.
Result<> check_aead(const EncryptionTransform& transform, OctetView key);
Result<> check_cipher(const EncryptionTransform& transform, OctetView key);
Result<> check_mac(const IntegrityTransform& transform, OctetView key);

// The error of a provider that lacks a lawful algorithm.
Error not_supported(std::string_view transform, std::string_view provider);

// For a refusal that no input can cause: says on standard error who refused what, and aborts.
[[noreturn]] void fatal(std::string_view library, std::string_view refused) noexcept;

}  // namespace mpsec::crypto
