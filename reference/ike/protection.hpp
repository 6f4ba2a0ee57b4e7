// The protection of IKE messages: seals and opens SK and SKF payloads (RFC 7296 3.14, RFC 5282, RFC 5930,
// RFC 7634, RFC 7383 2.5). Works on octets, so that a message with anything wrong in it can be sealed too.
//
//   IKE header | payloads in clear | SK header [| Fragment Number | Total Fragments] | body
//                                                                                    ^ body_at
//   body = IV | encrypted( payloads | padding | Pad Length ) | ICV
//
// All before the body is associated data of an AEAD; a separate integrity algorithm covers all before the
// ICV. The lengths in the IKE header and the SK header are among it, and must hold their final values before.
#pragma once

#include <cstdint>
#include <expected>
#include <memory>
#include <optional>
#include <string_view>

#include "base/rng.hpp"
#include "base/secret.hpp"
#include "crypto/provider.hpp"
#include "ike/suite.hpp"

namespace mpsec::ike {

// How many octets of what a body has.
struct BodyLayout {
  std::size_t iv = 0;
  std::size_t block = 1;
  std::size_t icv = 0;

  // The least padding that aligns `plain` octets and the Pad Length.
  std::size_t least_padding(std::size_t plain) const { return (block - (plain + 1) % block) % block; }
  // Of the body for `plain` octets of payloads, with the least padding.
  std::size_t sealed(std::size_t plain) const { return iv + plain + least_padding(plain) + 1 + icv; }
  // The most octets of payloads that a body of at most `body` octets holds: for fragments. 0 if none.
  std::size_t most_plain(std::size_t body) const;
};
BodyLayout body_layout(const Protection& protection);

// Writes the final lengths into a message that ends where its body will begin: into the IKE header, and into
// the generic payload header at `payload_at`. Fails (local_fault) if the SK payload would not fit 16 bits.
Result<> set_lengths(MutableOctets message, std::size_t payload_at, std::size_t body_octets);

enum class SealFault : std::uint8_t {
  ivs_exhausted,  // every IV of this key is used: rekey
  bad_padding,    // the padding asked for does not align
};
std::string_view to_string(SealFault fault);

enum class OpenFault : std::uint8_t {
  too_short,      // less than IV, Pad Length and ICV
  misaligned,     // the ciphertext is no whole number of blocks
  not_authentic,  // the integrity check fails
  bad_padding,    // Pad Length exceeds what is there; said only of authentic messages
};
std::string_view to_string(OpenFault fault);
Error error_of(OpenFault fault);

namespace detail {
class BodyCipher;
}

// Seals what one side sends under one IKE SA. Made from SK_e* and SK_a* of that direction.
class MessageSealer {
 public:
  // Fails (local_fault) where the provider lacks an algorithm or a key has the wrong size. IVs of counter
  // modes start from `first_iv`: an SA taken over from elsewhere goes on behind the last one used there.
  static Result<MessageSealer> create(const crypto::Provider& provider, const Protection& protection,
                                      OctetView encryption_key, OctetView integrity_key,
                                      std::uint64_t first_iv = 0);
  MessageSealer(MessageSealer&&) noexcept;
  MessageSealer& operator=(MessageSealer&&) noexcept;
  ~MessageSealer();

  const BodyLayout& layout() const;

  // Appends the body that protects `plain` to `message`, which ends with the SK or SKF header and holds its
  // final lengths. `rng` is asked for the IV of CBC only. `padding` is chosen by testers; absent: the least.
  std::expected<void, SealFault> seal(Octets& message, OctetView plain, Rng& rng,
                                      std::optional<std::uint8_t> padding = std::nullopt);

 private:
  MessageSealer(std::unique_ptr<detail::BodyCipher> cipher, std::uint64_t first_iv);

  std::unique_ptr<detail::BodyCipher> cipher_;
  std::uint64_t next_iv_;
  bool exhausted_ = false;
};

// Opens what the other side sent.
class MessageOpener {
 public:
  static Result<MessageOpener> create(const crypto::Provider& provider, const Protection& protection,
                                      OctetView encryption_key, OctetView integrity_key);
  MessageOpener(MessageOpener&&) noexcept;
  MessageOpener& operator=(MessageOpener&&) noexcept;
  ~MessageOpener();

  const BodyLayout& layout() const;

  // Checks and decrypts, in place, the body that goes from `body_at` to the end of `message`; the payloads
  // without padding. Nothing but not_authentic is ever said of a body of lawful length that was altered.
  // After a fault the message is unspecified behind body_at.
  std::expected<MutableOctets, OpenFault> open(MutableOctets message, std::size_t body_at);

 private:
  explicit MessageOpener(std::unique_ptr<detail::BodyCipher> cipher);

  std::unique_ptr<detail::BodyCipher> cipher_;
};

}  // namespace mpsec::ike
