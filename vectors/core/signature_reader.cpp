#include "vectors/core/signature_reader.hpp"

#include <algorithm>
#include <array>
#include <fmt/format.h>

#include "vectors/core/der.hpp"
#include "vectors/core/text.hpp"

namespace mpsec::vectors {
namespace {

using Cause = NotRunnable::Cause;
using Scheme = SignatureCase::Scheme;

NotRunnable unsupported(std::string reason) {
  return {Cause::unsupported, std::move(reason)};
}

std::optional<Scheme> scheme_named(std::string_view algorithm, std::string_view schema) {
  if (schema.contains("verify") || schema.contains("sig")) {
    if (algorithm == "ECDSA") return Scheme::ecdsa;
    if (algorithm == "RSASSA-PKCS1-v1_5") return Scheme::rsa_pkcs1;
    if (algorithm == "RSASSA-PSS") return Scheme::rsa_pss;
    if (algorithm == "EDDSA" || algorithm == "EdDSA") return Scheme::ed25519;
  }
  return std::nullopt;
}

// A number, which some files write without a leading zero.
Octets number(CavpRecord& record, const std::string& name) {
  const std::string digits = record.text(name).value_or("");
  if (digits.size() % 2 != 0) record.set(name, fmt::format("0{}", digits));
  return record.octets(name);
}

// IKE has one form of RSASSA-PSS: MGF1 over the same hash, a salt as long as the hash (RFC 7427 A.4).
std::optional<std::string> foreign_pss(Fields& group, std::string_view hash, std::size_t bits) {
  const std::string mgf = group.optional_text("mgf"), mgf_hash = group.optional_text("mgfSha");
  const auto salt = group.optional_number("sLen", 4096);
  if (mgf != "MGF1" || signature_hash(mgf_hash) != bits)
    return fmt::format("RSASSA-PSS with {} over {} for {}; IKE's is MGF1 over the same hash", mgf, mgf_hash,
                       hash);
  if (salt.value_or(bits / 8) == bits / 8) return std::nullopt;
  return fmt::format("RSASSA-PSS with a salt of {} octets for {}; IKE's is as long as the hash", *salt, hash);
}

Body edwards_group(Fields& group, SignatureCase signature) {
  auto key = group.optional_object("publicKey");
  if (!key) key = group.optional_object("key");
  const std::string curve = key ? key->optional_text("curve") : std::string();
  if (curve == "edwards25519")
    signature.scheme = Scheme::ed25519;
  else if (curve == "edwards448")
    signature.scheme = Scheme::ed448;
  else
    return unsupported(fmt::format("no signature of IKE is on the curve {}", curve));
  return signature;
}

}  // namespace

std::optional<std::size_t> signature_hash(std::string_view name) {
  std::string letters;
  for (const char c : lower(name))
    if (c != '-' && c != '_') letters += c;
  constexpr std::array<std::pair<std::string_view, std::size_t>, 4> hashes = {
      {{"sha1", 160}, {"sha256", 256}, {"sha384", 384}, {"sha512", 512}}};
  for (const auto& [hash, bits] : hashes)
    if (letters == hash) return bits;
  return std::nullopt;
}

bool is_wycheproof_signature(std::string_view algorithm, std::string_view schema) {
  return scheme_named(algorithm, lower(schema)).has_value();
}

std::optional<Body> wycheproof_signature_group(std::string_view algorithm, std::string_view schema,
                                               Fields& group) {
  const auto scheme = scheme_named(algorithm, lower(schema));
  if (!scheme) return std::nullopt;
  SignatureCase signature{.scheme = *scheme, .public_key = {}, .message = {}, .signature = {}};
  signature.fixed_form = lower(schema).contains("p1363");
  signature.public_key = group.octets(group.has("publicKeyDer") ? "publicKeyDer" : "keyDer");
  if (*scheme == Scheme::ed25519) return edwards_group(group, std::move(signature));
  const std::string hash = group.text("sha");
  const auto bits = signature_hash(hash);
  if (!bits) return unsupported(fmt::format("no signature of IKE is over {}", hash));
  signature.hash_bits = *bits;
  if (*scheme != Scheme::rsa_pss) return signature;
  if (auto why = foreign_pss(group, hash, *bits)) return NotRunnable{Cause::outside_ipsec, *std::move(why)};
  return signature;
}

// The section: "[P-256,SHA-256]"; before FIPS 186-3 the curve alone, and SHA-1.
Body cavp_ecdsa(CavpRecord& record) {
  std::string_view word = record.section;
  if (word.starts_with('[')) word.remove_prefix(1);
  word = word.substr(0, word.find(']'));
  const std::size_t comma = std::min(word.find(','), word.size());
  const std::string curve(trimmed(word.substr(0, comma)));
  const std::string hash = comma == word.size() ? "SHA-1" : std::string(trimmed(word.substr(comma + 1)));
  SignatureCase signature{.scheme = Scheme::ecdsa, .public_key = {}, .message = {}, .signature = {}};
  const auto bits = signature_hash(hash);
  if (!bits) return unsupported(fmt::format("no signature of IKE is over {}", hash));
  signature.hash_bits = *bits;
  signature.message = record.octets("msg");
  auto key = der::ec_public_key(curve, number(record, "qx"), number(record, "qy"));
  if (!key) return unsupported(fmt::format("no signature of IKE is on the curve {}", curve));
  signature.public_key = *std::move(key);
  signature.signature = der::ecdsa_signature(number(record, "r"), number(record, "s"));
  for (const char* name : {"d", "k"})
    record.text(name);
  return signature;
}

Body cavp_rsa(CavpRecord& record, Scheme scheme, std::optional<std::size_t> salt_octets) {
  SignatureCase signature{.scheme = scheme, .public_key = {}, .message = {}, .signature = {}};
  const std::string hash = record.text("shaalg").value_or("");
  const auto bits = signature_hash(hash);
  if (!bits) return unsupported(fmt::format("no signature of IKE is over {}", hash));
  signature.hash_bits = *bits;
  signature.public_key = der::rsa_public_key(number(record, "n"), number(record, "e"));
  signature.message = record.octets("msg");
  signature.signature = record.octets("s");
  const std::size_t natural = *bits / 8;
  const auto salt = record.optional_octets("saltval");
  const std::size_t salt_size = salt ? salt->size() : salt_octets.value_or(natural);
  for (const char* name : {"mod", "p", "q", "d"})
    record.text(name);
  if (scheme == Scheme::rsa_pss && salt_size != natural)
    return NotRunnable{Cause::outside_ipsec,
                       fmt::format("RSASSA-PSS with a salt of {} octets for {}; IKE's is as long as the hash",
                                   salt_size, hash)};
  return signature;
}

}  // namespace mpsec::vectors
