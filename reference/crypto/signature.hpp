// Signatures as IKE's AUTH payload carries them: the algorithms with their AlgorithmIdentifiers (RFC 7427,
// RFC 8420), the keys that make and check them, and the choice of one that both ends take.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <memory>
#include <span>
#include <string_view>

#include "base/error.hpp"
#include "base/octets.hpp"
#include "crypto/transforms.hpp"

namespace mpsec::crypto {

// The IANA registry "IKEv2 Hash Algorithms": what SIGNATURE_HASH_ALGORITHMS lists.
enum class HashId : std::uint16_t {
  sha1 = 1,
  sha2_256 = 2,
  sha2_384 = 3,
  sha2_512 = 4,
  identity = 5,  // the message itself: Ed25519, Ed448 (RFC 8420 2)
  streebog_256 = 6,
  streebog_512 = 7,
};

enum class SignatureScheme : std::uint8_t { rsa_pkcs1, rsa_pss, ecdsa, ed25519, ed448 };

// What a public key is. An rsa_pss key says in its own identifier that it does nothing but RSASSA-PSS.
enum class KeyKind : std::uint8_t { rsa, rsa_pss, ecdsa_p256, ecdsa_p384, ecdsa_p521, ed25519, ed448 };
std::string_view to_string(KeyKind kind);

struct SignatureAlgorithm {
  std::string_view name;  // "RSASSA-PSS with SHA2-256"
  SignatureScheme scheme;
  HashId hash;
  Requirement requirement;  // RFC 8247 3.2

  // The DER of the AlgorithmIdentifier, in the form that a sender takes.
  OctetView identifier() const;
  bool fits(KeyKind kind) const;
};

std::span<const SignatureAlgorithm> signature_algorithms();
// Null if there is no such combination.
const SignatureAlgorithm* find_signature(SignatureScheme scheme, HashId hash);

// The Authentication Data of method 14, in its parts. `signature` views the octets it was read from.
struct DigitalSignature {
  const SignatureAlgorithm* algorithm;
  OctetView signature;
};
// Fails (malformed) where length or identifier exceeds what is there, and (no_common_ground) on an identifier
// that is not, octet for octet, a form of one that we know: for RSASSA-PSS also with parameters that are left
// out because they are the defaults.
Result<DigitalSignature> read_digital_signature(OctetView authentication_data);
Octets write_digital_signature(const SignatureAlgorithm& algorithm, OctetView signature);

// How ECDSA's pair of numbers is written: in DER (method 14, certificates), or r and then s in the fixed
// length of the curve (methods 9, 10, 11; RFC 4754 7), which binds each curve to one hash.
enum class EcdsaForm : std::uint8_t { der, fixed };

enum class SignatureFault : std::uint8_t {
  wrong_key,      // the algorithm does not fit the key
  wrong_length,   // a fixed form that has not the fixed length
  not_authentic,  // the signature is not that of the message under the key
};
std::string_view to_string(SignatureFault fault);

// The message is given in parts, which stand one behind the other.
using MessageParts = std::initializer_list<OctetView>;

// One key may serve many threads at once.
class PublicKey {
 public:
  virtual ~PublicKey() = default;
  virtual KeyKind kind() const noexcept = 0;
  virtual unsigned bits() const noexcept = 0;
  // SubjectPublicKeyInfo in DER.
  virtual OctetView info() const noexcept = 0;
  virtual std::expected<void, SignatureFault> verify(const SignatureAlgorithm& algorithm,
                                                     MessageParts message, OctetView signature,
                                                     EcdsaForm form = EcdsaForm::der) const = 0;
};

class PrivateKey {
 public:
  virtual ~PrivateKey() = default;
  virtual const PublicKey& public_key() const noexcept = 0;
  // Fails (wrong_key) on an algorithm that does not fit. ECDSA and RSASSA-PSS draw on libcrypto's own
  // generator, so their signatures differ from run to run; all others are determined by key and message.
  virtual std::expected<Octets, SignatureFault> sign(const SignatureAlgorithm& algorithm,
                                                     MessageParts message,
                                                     EcdsaForm form = EcdsaForm::der) const = 0;
};

// Whether algorithms that RFC 8247 forbids (those over SHA-1) are taken all the same.
enum class LegacyHashes : std::uint8_t { refused, taken };

// The hashes to announce in SIGNATURE_HASH_ALGORITHMS, the preferred one first.
std::span<const HashId> announced_hashes(LegacyHashes legacy = LegacyHashes::refused);
// The algorithm to sign with under method 14, given the hashes that the peer announced: RSASSA-PSS before
// PKCS #1, for ECDSA the hash of the curve's strength first. Null if there is none.
const SignatureAlgorithm* choose_signature(KeyKind kind, std::span<const HashId> peer_hashes,
                                           LegacyHashes legacy = LegacyHashes::refused);
// The one hash of a curve in the fixed form, and of Ed25519 and Ed448; SHA2-256 for RSA.
HashId natural_hash(KeyKind kind);

}  // namespace mpsec::crypto
