#include "crypto/signature.hpp"

#include <algorithm>
#include <array>
#include <fmt/format.h>
#include <vector>

namespace mpsec::crypto {
namespace {

using enum SignatureScheme;
using enum Requirement;
using H = HashId;

// clang-format off
constexpr SignatureAlgorithm algorithm_table[] = {
    {"RSASSA-PSS with SHA2-256",     rsa_pss,   H::sha2_256, must},
    {"RSASSA-PSS with SHA2-512",     rsa_pss,   H::sha2_512, should},
    {"RSASSA-PSS with SHA2-384",     rsa_pss,   H::sha2_384, may},
    {"RSASSA-PSS with SHA1",         rsa_pss,   H::sha1,     must_not},
    {"RSASSA-PKCS1-v1.5 with SHA2-256", rsa_pkcs1, H::sha2_256, may},
    {"RSASSA-PKCS1-v1.5 with SHA2-512", rsa_pkcs1, H::sha2_512, may},
    {"RSASSA-PKCS1-v1.5 with SHA2-384", rsa_pkcs1, H::sha2_384, may},
    {"RSASSA-PKCS1-v1.5 with SHA1",  rsa_pkcs1, H::sha1,     must_not},
    {"ECDSA with SHA2-256",          ecdsa,     H::sha2_256, should},
    {"ECDSA with SHA2-384",          ecdsa,     H::sha2_384, may},
    {"ECDSA with SHA2-512",          ecdsa,     H::sha2_512, may},
    {"ECDSA with SHA1",              ecdsa,     H::sha1,     must_not},
    {"Ed25519",                      SignatureScheme::ed25519, H::identity, may},
    {"Ed448",                        SignatureScheme::ed448,   H::identity, may},
};
// clang-format on

constexpr std::size_t algorithm_count = std::size(algorithm_table);

// The contents of DER's SEQUENCE, INTEGER and so on, behind tag and length. Nothing here exceeds 127 octets.
Octets der(std::uint8_t tag, std::initializer_list<OctetView> contents) {
  std::size_t octets = 0;
  for (const OctetView part : contents)
    octets += part.size();
  Octets all(2 + octets);
  all[0] = tag;
  all[1] = static_cast<std::uint8_t>(octets);
  auto to = all.begin() + 2;
  for (const OctetView part : contents)
    to = std::ranges::copy(part, to).out;
  return all;
}

constexpr std::uint8_t sequence = 0x30;

struct HashObject {
  HashId id;
  std::string_view object;  // DER of its OBJECT IDENTIFIER
  std::uint8_t octets;      // of its value, and so of the salt of RSASSA-PSS
  std::string_view pkcs1;   // DER of the OBJECT IDENTIFIER of PKCS #1 v1.5 over it
  std::string_view ecdsa;
};

constexpr HashObject hash_objects[] = {
    {H::sha1, "06052b0e03021a", 20, "06092a864886f70d010105", "06072a8648ce3d0401"},
    {H::sha2_256, "0609608648016503040201", 32, "06092a864886f70d01010b", "06082a8648ce3d040302"},
    {H::sha2_384, "0609608648016503040202", 48, "06092a864886f70d01010c", "06082a8648ce3d040303"},
    {H::sha2_512, "0609608648016503040203", 64, "06092a864886f70d01010d", "06082a8648ce3d040304"},
};

const HashObject& object_of(HashId hash) {
  return *std::ranges::find(hash_objects, hash, &HashObject::id);
}

// Salt length and trailer field; RFC 7427's own examples spell out the default trailer, DER would leave it
// out.
Octets pss_identifier(const HashObject& hash, bool trailer) {
  const Octets null = hex("0500");
  const Octets hash_identifier = der(sequence, {hex(hash.object), null});
  const Octets mask = der(sequence, {hex("06092a864886f70d010108"), hash_identifier});
  const Octets salt = der(0x02, {OctetView(&hash.octets, 1)});
  const Octets trailer_field = trailer ? hex("a303020101") : Octets{};
  const Octets parameters =
      der(sequence, {der(0xa0, {hash_identifier}), der(0xa1, {mask}), der(0xa2, {salt}), trailer_field});
  return der(sequence, {hex("06092a864886f70d01010a"), parameters});
}

// All forms of one identifier that a peer may send, ours first.
std::vector<Octets> forms_of(const SignatureAlgorithm& algorithm) {
  switch (algorithm.scheme) {
    case rsa_pss: {
      const HashObject& hash = object_of(algorithm.hash);
      std::vector<Octets> forms = {pss_identifier(hash, true), pss_identifier(hash, false)};
      // All parameters at their defaults (RFC 7427 A.4.1).
      if (algorithm.hash == H::sha1) forms.push_back(hex("300d06092a864886f70d01010a3000"));
      return forms;
    }
    case rsa_pkcs1:
      return {der(sequence, {hex(object_of(algorithm.hash).pkcs1), hex("0500")})};
    case ecdsa:
      return {der(sequence, {hex(object_of(algorithm.hash).ecdsa)})};
    case SignatureScheme::ed25519:
      return {hex("300506032b6570")};
    case SignatureScheme::ed448:
      return {hex("300506032b6571")};
  }
  return {};
}

const std::array<std::vector<Octets>, algorithm_count>& all_forms() {
  static const auto all = [] {
    std::array<std::vector<Octets>, algorithm_count> made;
    for (std::size_t i = 0; i < algorithm_count; ++i)
      made[i] = forms_of(algorithm_table[i]);
    return made;
  }();
  return all;
}

std::unexpected<Error> refused(Blame blame, std::string why) {
  return std::unexpected(Error{.blame = blame,
                               .path = "AUTH/Authentication Data/AlgorithmIdentifier",
                               .offset = {},
                               .why = std::move(why),
                               .clause = "RFC 7427 3"});
}

constexpr HashId announced[] = {H::sha2_256, H::sha2_512, H::sha2_384, H::identity, H::sha1};

}  // namespace

std::string_view to_string(KeyKind kind) {
  static constexpr std::array<std::string_view, 7> names = {
      "RSA", "RSASSA-PSS", "ECDSA P-256", "ECDSA P-384", "ECDSA P-521", "Ed25519", "Ed448"};
  return names[static_cast<std::size_t>(kind)];
}

std::string_view to_string(SignatureFault fault) {
  switch (fault) {
    case SignatureFault::wrong_key:
      return "wrong-key";
    case SignatureFault::wrong_length:
      return "wrong-length";
    case SignatureFault::not_authentic:
      return "signature";
  }
  return "unknown";
}

OctetView SignatureAlgorithm::identifier() const {
  const SignatureAlgorithm* line = find_signature(scheme, hash);
  return all_forms()[static_cast<std::size_t>(line - algorithm_table)].front();
}

bool SignatureAlgorithm::fits(KeyKind kind) const {
  switch (kind) {
    case KeyKind::rsa:
      return scheme == rsa_pkcs1 || scheme == SignatureScheme::rsa_pss;
    case KeyKind::rsa_pss:
      return scheme == SignatureScheme::rsa_pss;
    case KeyKind::ecdsa_p256:
    case KeyKind::ecdsa_p384:
    case KeyKind::ecdsa_p521:
      return scheme == ecdsa;
    case KeyKind::ed25519:
      return scheme == SignatureScheme::ed25519;
    case KeyKind::ed448:
      return scheme == SignatureScheme::ed448;
  }
  return false;
}

std::span<const SignatureAlgorithm> signature_algorithms() {
  return algorithm_table;
}

const SignatureAlgorithm* find_signature(SignatureScheme scheme, HashId hash) {
  const auto found = std::ranges::find_if(algorithm_table, [&](const SignatureAlgorithm& algorithm) {
    return algorithm.scheme == scheme && algorithm.hash == hash;
  });
  return found == std::end(algorithm_table) ? nullptr : found;
}

//= rfc7427/3/identifier-behind-its-length
Result<DigitalSignature> read_digital_signature(OctetView authentication_data) {
  if (authentication_data.empty()) return refused(Blame::malformed, "need a length, have nothing");
  const std::size_t octets = authentication_data[0];
  const OctetView rest = authentication_data.subspan(1);
  if (octets > rest.size())
    return refused(Blame::malformed, fmt::format("need {} octets, have {}", octets, rest.size()));
  const OctetView identifier = rest.first(octets);
  for (std::size_t i = 0; i < algorithm_count; ++i)
    for (const Octets& form : all_forms()[i])
      if (std::ranges::equal(form, identifier))
        return DigitalSignature{&algorithm_table[i], rest.subspan(octets)};
  return refused(Blame::no_common_ground,
                 fmt::format("no algorithm of ours has the identifier {}", to_hex(identifier)));
}

Octets write_digital_signature(const SignatureAlgorithm& algorithm, OctetView signature) {
  const OctetView identifier = algorithm.identifier();
  Octets data(1 + identifier.size() + signature.size());
  data[0] = static_cast<std::uint8_t>(identifier.size());
  std::ranges::copy(signature, std::ranges::copy(identifier, data.begin() + 1).out);
  return data;
}

std::span<const HashId> announced_hashes(LegacyHashes legacy) {
  return std::span(announced).first(std::size(announced) - (legacy == LegacyHashes::taken ? 0 : 1));
}

HashId natural_hash(KeyKind kind) {
  switch (kind) {
    case KeyKind::rsa:
    case KeyKind::rsa_pss:
    case KeyKind::ecdsa_p256:
      return H::sha2_256;
    case KeyKind::ecdsa_p384:
      return H::sha2_384;
    case KeyKind::ecdsa_p521:
      return H::sha2_512;
    case KeyKind::ed25519:
    case KeyKind::ed448:
      return H::identity;
  }
  return H::sha2_256;
}

//= rfc7427/4/hash-picked-from-the-peers-list
//= rfc8420/2/identity-only-where-announced
const SignatureAlgorithm* choose_signature(KeyKind kind, std::span<const HashId> peer_hashes,
                                           LegacyHashes legacy) {
  const auto choose = [&](auto acceptable) -> const SignatureAlgorithm* {
    for (const SignatureAlgorithm& algorithm : algorithm_table)
      if (algorithm.fits(kind) && std::ranges::find(peer_hashes, algorithm.hash) != peer_hashes.end() &&
          acceptable(algorithm))
        return &algorithm;
    return nullptr;
  };
  if (const auto* best = choose([&](const auto& algorithm) { return algorithm.hash == natural_hash(kind); }))
    return best;
  if (const auto* other = choose([](const auto& algorithm) { return algorithm.hash != H::sha1; }))
    return other;
  return legacy == LegacyHashes::taken ? choose([](const auto&) { return true; }) : nullptr;
}

}  // namespace mpsec::crypto
