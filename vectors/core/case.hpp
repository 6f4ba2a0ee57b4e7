// A vector in memory, the same whatever file it came from: readers make cases, the runner tries them.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/ip_address.hpp"
#include "base/octets.hpp"
#include "base/strong.hpp"
#include "vectors/core/algorithm.hpp"

namespace mpsec::vectors {

// Why a thing must be refused, or was. An invalid vector passes only if both are the same.
enum class Reason : std::uint8_t {
  // The algorithm.
  icv,         // the integrity check fails
  key_size,    // no such key size in the algorithm
  nonce_size,  // no such nonce or IV size in the algorithm
  icv_size,    // no such ICV length in the algorithm
  data_size,   // the data is no whole number of blocks
  // A packet on its way in.
  malformed,        // the IP header, or what it promises, is not there
  fragment,         // a fragment where a whole ESP or AH packet is due
  too_short,        // less than ESP header, IV, trailer and ICV
  misaligned,       // the ciphertext is no whole number of blocks
  padding,          // a pad length beyond the payload, or octets that do not count 1, 2, 3
  next_header,      // a payload that the mode does not allow
  inner_malformed,  // what came out is no IP packet
  dummy,            // next header 59
  ecn,              // congestion marked outside of a packet that cannot carry it
  unknown_spi,      // no SA for this packet
  replay,           // the window says no
  encapsulation,    // AH where the SA has ESP, or the reverse
  ah_length,        // AH's payload length against the ICV of the SA
  // A peer's public value.
  wrong_length,  // not the fixed length of the group
  out_of_range,  // a number outside 2 to p-2, or a coordinate not below p
  off_curve,     // no point of the curve
  wrong_order,   // outside the subgroup
  zero_secret,   // the shared secret is nothing but zeros
  // A signature.
  signature,  // it is not that of the message under the key
};

std::string_view to_string(Reason reason);
std::optional<Reason> reason_named(std::string_view name);
// "icv, key-size, ...": for messages that say what is allowed.
std::string reason_names();

struct Expectation {
  enum class Verdict : std::uint8_t { pass, refuse, either };
  Verdict verdict = Verdict::pass;
  std::optional<Reason> reason;  // with `refuse`: the only reason that counts

  static Expectation pass() { return {}; }
  static Expectation refuse(Reason reason) { return {Verdict::refuse, reason}; }
  // A vector that its authors call lawful but unwise: any result but a wrong value is right.
  static Expectation either() { return {Verdict::either, std::nullopt}; }

  bool operator==(const Expectation&) const = default;
};

std::string to_string(const Expectation& expectation);

struct AeadCase {
  Algorithm algorithm{};
  Octets key;
  Octets nonce;  // salt and IV together, as the algorithm takes it
  Octets aad;
  std::optional<Octets> plaintext;  // invalid vectors often print none
  Octets ciphertext;
  std::optional<Octets> tag;  // absent: the source prints the ciphertext only, so only that is compared
  std::size_t tag_size = 0;   // octets

  bool operator==(const AeadCase&) const = default;
};

struct CipherCase {
  Algorithm algorithm{};
  Octets key;
  Octets iv;  // AES-CTR: the whole first counter block of 16 octets
  Octets plaintext;
  Octets ciphertext;

  bool operator==(const CipherCase&) const = default;
};

struct MacCase {
  Algorithm algorithm{};
  Octets key;
  Octets nonce;  // AES-GMAC only
  Octets message;
  Octets tag;  // as long as the source prints it: shorter than the full value means truncated

  bool operator==(const MacCase&) const = default;
};

struct PrfCase {
  Algorithm algorithm{};
  Octets key;
  Octets seed;
  Octets output;

  bool operator==(const PrfCase&) const = default;
};

enum class Mode : std::uint8_t { transport, tunnel };

struct PacketTransform {
  Algorithm algorithm{};
  Octets key;
  Octets salt;
  std::size_t icv_size = 0;  // octets; 0 for a cipher without integrity

  bool operator==(const PacketTransform&) const = default;
};

// A whole IP packet before and after ESP or AH, with the SA that did it.
struct PacketCase {
  enum class Protocol : std::uint8_t { esp, ah };
  Protocol protocol{};
  Mode mode{};
  Spi spi;
  SequenceNumber sequence;
  bool extended_sequence_numbers = false;
  bool udp_encapsulation = false;
  std::optional<PacketTransform> encryption;  // ESP: none means NULL
  std::optional<PacketTransform> integrity;
  Octets iv;
  Octets plain;
  Octets protected_packet;
  // Which ways the packet is tried. A source whose sender pads otherwise than the engine is inbound only.
  bool outbound = true;
  bool inbound = true;

  bool operator==(const PacketCase&) const = default;
};

// "AES-CBC+HMAC-SHA1", "AES-GCM", "NULL".
std::string algorithms_of(const std::optional<PacketTransform>& encryption,
                          const std::optional<PacketTransform>& integrity);

// The keys of an IKE SA and its children (RFC 7296 2.14, 2.17, 2.18): what goes in, and those results that
// the source prints.
struct IkeKeysCase {
  Algorithm algorithm{};  // the PRF
  Octets initiator_nonce;
  Octets responder_nonce;
  Octets initiator_spi;
  Octets responder_spi;
  Octets shared_secret;
  Octets new_shared_secret;  // of the rekeying, and of the child with perfect forward secrecy
  std::optional<Octets> skeyseed;
  std::optional<Octets> keys;  // SK_d and all behind it
  std::optional<Octets> child_keymat;
  std::optional<Octets> child_keymat_with_secrecy;
  std::optional<Octets> rekeyed_skeyseed;

  bool operator==(const IkeKeysCase&) const = default;
};

// One side of a key exchange.
struct KeyExchangeCase {
  std::string group;  // "x25519", "ecp_256", "modp_2048"
  Octets private_value;
  std::optional<Octets> public_value;
  Octets peer_public;  // as the KE payload carries it
  std::optional<Octets> shared_secret;

  bool operator==(const KeyExchangeCase&) const = default;
};

// A signature to be verified.
struct SignatureCase {
  enum class Scheme : std::uint8_t { rsa_pkcs1, rsa_pss, ecdsa, ed25519, ed448 };
  Scheme scheme{};
  std::size_t hash_bits = 0;  // 160 is SHA-1, others are SHA-2; 0 where the scheme has its own
  bool fixed_form = false;    // ECDSA: r and s in the curve's length, one behind the other; else in DER
  Octets public_key;          // SubjectPublicKeyInfo in DER
  Octets message;
  Octets signature;

  bool operator==(const SignatureCase&) const = default;
};

// A whole IKE message with an SK or SKF payload, and what is in it.
struct IkeMessageCase {
  std::optional<PacketTransform> encryption;
  std::optional<PacketTransform> integrity;
  Octets clear;  // all before the IV, lengths final
  Octets iv;
  Octets payloads;
  Octets message;

  bool operator==(const IkeMessageCase&) const = default;
};

// A vector that was recognised and cannot be run here; counted and shown, never hidden.
struct NotRunnable {
  enum class Cause : std::uint8_t {
    unsupported,   // an algorithm or form that no part of IPsec's data plane has
    later,         // belongs to a part that is not there yet
    outside_ipsec  // a parameter that no IPsec transform has
  };
  Cause cause{};
  std::string reason;

  bool operator==(const NotRunnable&) const = default;
};

// The one wording of "nothing in ESP or AH is done with this".
std::string no_transform(std::string_view name);

using Body = std::variant<AeadCase, CipherCase, MacCase, PrfCase, PacketCase, IkeKeysCase, KeyExchangeCase,
                          SignatureCase, IkeMessageCase, NotRunnable>;

struct Origin {
  std::string document;  // "RFC 2202", "Wycheproof aes_gcm_test.json"
  std::string section;   // "2, case 1", "test 12", "line 88"

  bool operator==(const Origin&) const = default;
};

struct Case {
  std::string id;
  Origin origin;
  std::string algorithm;  // our name, or the source's for what cannot be run
  Expectation expectation;
  Body body;

  bool operator==(const Case&) const = default;
};

// "aead", "cipher", "mac", "prf", "esp-packet", "ah-packet", "ike-keys", "key-exchange", "signature",
// "ike-message" or "other".
std::string_view kind_of(const Case& vector_case);

// What a reader makes of one file. A problem names file and place; cases beside it are still good.
struct VectorFile {
  std::string name;
  std::string format;  // "mpsec", "Wycheproof", "CAVP", "ACVP", "GCM-ESP draft", "packets"
  std::vector<Case> cases;
  std::vector<Error> problems;
};

}  // namespace mpsec::vectors
