#include "vectors/core/cavp_subject.hpp"

#include <array>
#include <charconv>
#include <fmt/format.h>

#include "vectors/core/text.hpp"

namespace mpsec::vectors {
namespace {

using Cause = NotRunnable::Cause;

CavpSubject not_run(std::string name, Cause cause, std::string reason) {
  CavpSubject subject;
  subject.name = std::move(name);
  subject.why_not = {cause, std::move(reason)};
  return subject;
}

CavpSubject of_family(CavpFamily family, Algorithm algorithm) {
  CavpSubject subject;
  subject.family = family;
  subject.algorithm = algorithm;
  subject.name = to_string(algorithm);
  return subject;
}

struct Rule {
  std::string_view word;  // in the header or in the path
  std::string_view name;
};

// Modes and constructions whose names would otherwise be taken for one of ours. The first match counts.
constexpr std::array unsupported{
    Rule{"gcm-siv", "AES-GCM-SIV"},
    Rule{"/xts/", "AES-XTS"},
    Rule{"xtsgen", "AES-XTS"},
    Rule{"/siv/", "AES-SIV"},
    Rule{"-siv", "AES-SIV"},
    Rule{"ocb", "AES-OCB"},
    Rule{"kw-a", "key wrap"},
    Rule{"keywrap", "key wrap"},
    Rule{"cfb", "CFB"},
    Rule{"ofb", "OFB"},
    Rule{"ecb", "ECB"},
    Rule{"for cbci", "3DES-CBC-I"},
    Rule{"/tcbcii", "3DES-CBC-I"},
    Rule{"/tcbcim", "3DES-CBC-I"},
    Rule{"/tcbcip", "3DES-CBC-I"},
    Rule{"/tcbcis", "3DES-CBC-I"},
    Rule{"/tcbciv", "3DES-CBC-I"},
    Rule{"camellia", "Camellia"},
    Rule{"cast5", "CAST5"},
    Rule{"blowfish", "Blowfish"},
    Rule{"idea", "IDEA"},
    Rule{"seed-", "SEED"},
    Rule{"/seed/", "SEED"},
    Rule{"sm4", "SM4"},
    Rule{"arc4", "RC4"},
    Rule{"ripemd", "RIPEMD-160"},
    Rule{"/hashes/", "a hash alone"},
    Rule{"shortmsg", "a hash alone"},
    Rule{"longmsg", "a hash alone"},
    Rule{"/twofactor/", "one-time passwords"},
};

// Folders whose forms are read only where by_folder() says so.
constexpr std::array foreign{
    Rule{"/kdf/", "a key derivation that IKE does not have"},
    Rule{"/asymmetric/dsa/", "DSS (method 3), which we lack"},
    Rule{"/asymmetric/dh/", "a key exchange over groups of its own, or of a form that is not read"},
    Rule{"/asymmetric/ecdh/", "a validity test with a key derivation of its own, or on curves that we lack"},
    Rule{"/asymmetric/rsa/", "RSA encryption, X9.31 or key generation"},
    Rule{"/asymmetric/ecdsa/", "key generation and validation, or a curve that we lack"},
    Rule{"/asymmetric/", "keys in files, of a form that is not read"},
    Rule{"/x509/", "certificates, which are no vectors of this form"},
};

CavpSubject named_family(CavpFamily family, std::string name) {
  CavpSubject subject;
  subject.family = family;
  subject.name = std::move(name);
  return subject;
}

CavpSubject pss_subject(std::string_view all) {
  constexpr std::string_view words = "salt len:";
  CavpSubject subject = named_family(CavpFamily::rsa_pss, "RSASSA-PSS");
  const std::size_t at = all.find(words);
  if (at == std::string_view::npos) return subject;
  const std::string_view number = trimmed(all.substr(at + words.size(), 4));
  std::size_t octets = 0;
  if (std::from_chars(number.data(), number.data() + number.size(), octets).ec == std::errc())
    subject.salt_octets = octets;
  return subject;
}

// Signatures and key exchange.
std::optional<CavpSubject> by_folder(std::string_view all) {
  const bool signature = all.contains("sigver") || all.contains("siggen");
  if (all.contains("/ecdsa/fips") && signature) return named_family(CavpFamily::ecdsa, "ECDSA");
  if (all.contains("/rsa/fips") && all.contains("sigver15_"))
    return named_family(CavpFamily::rsa_pkcs1, "RSASSA-PKCS1");
  if (all.contains("/rsa/fips") && all.contains("siggen15_"))
    return named_family(CavpFamily::rsa_pkcs1, "RSASSA-PKCS1");
  if (all.contains("/rsa/fips") && (all.contains("sigverpss_") || all.contains("siggenpss_")))
    return pss_subject(all);
  if (all.contains("/x25519/rfc7748")) return named_family(CavpFamily::xdh, "x25519");
  if (all.contains("/x448/rfc7748")) return named_family(CavpFamily::xdh, "x448");
  return std::nullopt;
}

bool any_of(std::string_view text, std::initializer_list<std::string_view> words) {
  for (const std::string_view word : words)
    if (text.contains(word)) return true;
  return false;
}

std::optional<CavpSubject> by_rules(std::string_view all) {
  if (auto subject = by_folder(all)) return subject;
  for (const Rule& rule : foreign)
    if (all.contains(rule.word))
      return not_run(std::string(rule.name), Cause::unsupported, std::string(rule.name));
  for (const Rule& rule : unsupported)
    if (all.contains(rule.word))
      return not_run(std::string(rule.name), Cause::unsupported, no_transform(rule.name));
  return std::nullopt;
}

CavpSubject hmac_subject(std::string_view all) {
  for (const std::string_view hash : {"sha224", "sha512-224", "sha512-256", "sha3-"}) {
    if (!all.contains(hash)) continue;
    const std::string name = "HMAC-" + std::string(hash);
    return not_run(name, Cause::unsupported, no_transform(name));
  }
  for (const std::string_view hash : {"md5", "sha1", "sha256", "sha384", "sha512"})
    if (const auto hmac = hmac_over(hash); hmac && all.contains(hash))
      return of_family(CavpFamily::hmac, *hmac);
  CavpSubject subject = of_family(CavpFamily::hmac, Algorithm::hmac_sha1);
  subject.name = "HMAC";
  subject.hash_known = false;
  return subject;
}

bool triple_des(std::string_view all) {
  return any_of(all, {"3des", "tdes", "tcbc", "triple"});
}

CavpSubject cbc_subject(std::string_view all) {
  CavpSubject subject =
      of_family(CavpFamily::cbc, triple_des(all) ? Algorithm::triple_des_cbc : Algorithm::aes_cbc);
  if (any_of(all, {"mct", "monte"})) {
    subject.monte_carlo = true;
    subject.why_not = {Cause::unsupported,
                       "Monte Carlo: each value stands for a chain of 1000 encryptions and more"};
  }
  return subject;
}

}  // namespace

CavpSubject cavp_subject(std::string_view path, std::string_view header) {
  const std::string all = fmt::format("/{}\n{}", lower(path), lower(header));
  if (any_of(all, {"ikev2", "'ike v2'"})) return of_family(CavpFamily::ike_keys, Algorithm::prf_hmac_sha1);
  if (auto subject = by_rules(all)) return *std::move(subject);
  if (any_of(all, {"chacha20poly1305", "chacha20-poly1305", "chacha20_poly1305"}))
    return of_family(CavpFamily::chacha20_poly1305, Algorithm::chacha20_poly1305);
  if (any_of(all, {"chacha20", "poly1305"}))
    return not_run("half of an AEAD", Cause::unsupported, no_transform("ChaCha20 or Poly1305 alone"));
  if (all.contains("hmac")) return hmac_subject(all);
  if (all.contains("cmac")) {
    if (triple_des(all)) return not_run("3DES-CMAC", Cause::unsupported, no_transform("3DES-CMAC"));
    return of_family(CavpFamily::cmac, Algorithm::aes_cmac);
  }
  if (all.contains("gcm")) return of_family(CavpFamily::gcm, Algorithm::aes_gcm);
  if (any_of(all, {"ccm", "/dvpt", "/vadt", "/vnt", "/vpt", "/vtt"}))
    return of_family(CavpFamily::ccm, Algorithm::aes_ccm);
  if (any_of(all, {"cbc"})) return cbc_subject(all);
  if (any_of(all, {"/ctr", "-ctr", "counter"})) return of_family(CavpFamily::ctr, Algorithm::aes_ctr);
  const std::string folder(folder_name(path));
  const std::string name = folder.empty() ? std::string(file_name(path)) : folder;
  return not_run(name, Cause::unsupported, no_transform(name));
}

std::optional<Algorithm> hmac_of_digest_size(std::size_t octets) {
  switch (octets) {
    case 16:
      return Algorithm::hmac_md5;
    case 20:
      return Algorithm::hmac_sha1;
    case 32:
      return Algorithm::hmac_sha2_256;
    case 48:
      return Algorithm::hmac_sha2_384;
    case 64:
      return Algorithm::hmac_sha2_512;
    default:
      return std::nullopt;
  }
}

}  // namespace mpsec::vectors
