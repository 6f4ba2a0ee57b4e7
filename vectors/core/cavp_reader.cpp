#include "vectors/core/cavp_reader.hpp"

#include <fmt/format.h>

#include "vectors/core/cavp_subject.hpp"
#include "vectors/core/cavp_text.hpp"
#include "vectors/core/signature_reader.hpp"
#include "vectors/core/text.hpp"

namespace mpsec::vectors {
namespace {

using Cause = NotRunnable::Cause;

// What one record says: a body, and what is to become of it.
struct Reading {
  Body body;
  Expectation expectation;
  std::string algorithm;
};

Reading not_run(const CavpSubject& subject, Cause cause, std::string reason) {
  return {NotRunnable{cause, std::move(reason)}, Expectation::pass(), subject.name};
}

// Members that number a record or say a length that the value shows as well.
void pass_over_counts(CavpRecord& record) {
  for (const char* name : {"count",       "keylen",    "ivlen",     "ptlen",      "aadlen",
                           "taglen",      "alen",      "plen",      "nlen",       "tlen",
                           "klen",        "mlen",      "direction", "tg_id",      "tc_id",
                           "g^ir length", "ni length", "nr length", "dkm length", "child sa dkm length"})
    record.text(name);
}

// CCM and HMAC files write an empty value as "00" and its length apart.
Octets first(Octets octets, std::optional<std::size_t> size) {
  if (size && *size < octets.size()) octets.resize(*size);
  return octets;
}

Expectation expectation_of(CavpRecord& record) {
  const std::string result = lower(record.text("result").value_or("pass"));
  return result.starts_with("p") || result.starts_with("valid") ? Expectation::pass()
                                                                : Expectation::refuse(Reason::icv);
}

Reading read_gcm(CavpRecord& record, const CavpSubject& subject) {
  AeadCase aead;
  aead.algorithm = subject.algorithm;
  aead.key = record.octets("key");
  aead.nonce = record.octets(record.one_of({"iv", "nonce"}));
  aead.aad = record.optional_octets(record.one_of({"aad", "ad"})).value_or(Octets());
  aead.plaintext = record.optional_octets(record.one_of({"pt", "in", "plaintext"}));
  aead.ciphertext = record.octets(record.one_of({"ct", "ciphertext"}));
  aead.tag = record.octets("tag");
  aead.tag_size = aead.tag->size();
  return {aead, expectation_of(record), subject.name};
}

Reading read_ccm(CavpRecord& record, const CavpSubject& subject) {
  AeadCase aead;
  aead.algorithm = subject.algorithm;
  aead.key = record.octets("key");
  aead.nonce = record.octets("nonce");
  aead.aad = first(record.octets("adata"), record.number("alen"));
  if (auto payload = record.optional_octets("payload"))
    aead.plaintext = first(*std::move(payload), record.number("plen"));
  aead.ciphertext = record.octets("ct");
  aead.tag_size = record.number("tlen").value_or(16);
  const std::size_t text_size = aead.ciphertext.size() - std::min(aead.tag_size, aead.ciphertext.size());
  aead.tag = Octets(aead.ciphertext.begin() + static_cast<std::ptrdiff_t>(text_size), aead.ciphertext.end());
  aead.ciphertext.resize(text_size);
  return {aead, expectation_of(record), subject.name};
}

// One key three times ("KEYs"), or three keys.
Octets triple_des_key(CavpRecord& record) {
  Octets key;
  for (const char* name : {"key1", "key2", "key3"})
    append(key, record.octets(record.has("keys") ? "keys" : name));
  return key;
}

Reading read_cipher(CavpRecord& record, const CavpSubject& subject) {
  CipherCase cipher;
  cipher.algorithm = subject.algorithm;
  cipher.key = subject.algorithm == Algorithm::triple_des_cbc && !record.has("key") ? triple_des_key(record)
                                                                                    : record.octets("key");
  cipher.iv = record.octets("iv");
  cipher.plaintext = record.octets(record.one_of({"plaintext", "pt"}));
  cipher.ciphertext = record.octets(record.one_of({"ciphertext", "ct"}));
  if (subject.monte_carlo && !record.error())
    return not_run(subject, subject.why_not.cause, subject.why_not.reason);
  return {cipher, Expectation::pass(), subject.name};
}

Reading read_cmac(CavpRecord& record, const CavpSubject& subject) {
  MacCase mac;
  mac.algorithm = subject.algorithm;
  mac.key = record.octets("key");
  mac.message = first(record.octets(record.one_of({"message", "msg"})), record.number("mlen"));
  mac.tag = record.octets(record.one_of({"output", "mac", "tag"}));
  return {mac, expectation_of(record), subject.name};
}

// "Len" counts bits; "L" is the digest's size in octets, or names the hash.
Reading read_hmac(CavpRecord& record, const CavpSubject& subject) {
  const auto digest_size = subject.hash_known ? std::nullopt : record.text("l");
  std::optional<Algorithm> hmac = subject.hash_known ? std::optional(subject.algorithm) : std::nullopt;
  if (digest_size) {
    hmac = hmac_over(*digest_size);
    if (!hmac) hmac = hmac_of_digest_size(record.number("l").value_or(0));
  }
  if (!hmac) {
    const std::string what = digest_size ? "L = " + *digest_size : "an unnamed hash";
    return not_run(subject, Cause::unsupported, no_transform("HMAC over " + what));
  }
  const auto bits = record.number("len");
  if (bits && *bits % 8 != 0) return not_run(subject, Cause::unsupported, "a message of bits, not of octets");
  MacCase mac;
  mac.algorithm = *hmac;
  mac.key = record.octets("key");
  mac.message = record.octets("msg");
  if (bits) mac.message = first(std::move(mac.message), *bits / 8);
  mac.tag = record.octets(record.one_of({"md", "mac"}));
  return {mac, expectation_of(record), std::string(to_string(*hmac))};
}

// The section's word names the hash of the PRF.
Reading read_ike_keys(CavpRecord& record, const CavpSubject& subject) {
  const std::string hash = record.text("direction").value_or("");
  const auto hmac = hmac_over(hash);
  const auto prf = hmac ? algorithm_named("PRF-" + std::string(to_string(*hmac))) : std::nullopt;
  if (!prf) return not_run(subject, Cause::unsupported, "no PRF of IKE is over \"" + hash + "\"");
  IkeKeysCase keys;
  keys.algorithm = *prf;
  keys.initiator_nonce = record.octets("ni");
  keys.responder_nonce = record.octets("nr");
  keys.initiator_spi = record.octets("spii");
  keys.responder_spi = record.octets("spir");
  keys.shared_secret = record.octets("g^ir");
  keys.new_shared_secret = record.optional_octets("g^ir (new)").value_or(Octets());
  keys.skeyseed = record.optional_octets("skeyseed");
  keys.keys = record.optional_octets("dkm");
  keys.child_keymat = record.optional_octets("dkm(child sa)");
  keys.child_keymat_with_secrecy = record.optional_octets("dkm(child sa d-h)");
  keys.rekeyed_skeyseed = record.optional_octets("skeyseed(rekey)");
  return {keys, Expectation::pass(), std::string(to_string(*prf))};
}

// A scalar and the peer's coordinate give another (RFC 7748 5.2).
Reading read_xdh(CavpRecord& record, const CavpSubject& subject) {
  KeyExchangeCase exchange;
  exchange.group = subject.name;
  exchange.private_value = record.octets("input_scalar");
  exchange.peer_public = record.octets("input_u");
  exchange.shared_secret = record.octets("output_u");
  return {exchange, Expectation::pass(), subject.name};
}

Reading read_signature(CavpRecord& record, const CavpSubject& subject) {
  using Scheme = SignatureCase::Scheme;
  Expectation expectation = expectation_of(record);
  if (expectation.verdict == Expectation::Verdict::refuse)
    expectation = Expectation::refuse(Reason::signature);
  if (subject.family == CavpFamily::ecdsa) return {cavp_ecdsa(record), expectation, subject.name};
  const auto scheme = subject.family == CavpFamily::rsa_pss ? Scheme::rsa_pss : Scheme::rsa_pkcs1;
  return {cavp_rsa(record, scheme, subject.salt_octets), expectation, subject.name};
}

Reading read_record(CavpRecord& record, const CavpSubject& subject) {
  switch (subject.family) {
    case CavpFamily::gcm:
    case CavpFamily::chacha20_poly1305:
      return read_gcm(record, subject);
    case CavpFamily::ccm:
      return read_ccm(record, subject);
    case CavpFamily::cbc:
    case CavpFamily::ctr:
      return read_cipher(record, subject);
    case CavpFamily::cmac:
      return read_cmac(record, subject);
    case CavpFamily::hmac:
      return read_hmac(record, subject);
    case CavpFamily::ike_keys:
      return read_ike_keys(record, subject);
    case CavpFamily::ecdsa:
    case CavpFamily::rsa_pkcs1:
    case CavpFamily::rsa_pss:
      return read_signature(record, subject);
    case CavpFamily::xdh:
      return read_xdh(record, subject);
    case CavpFamily::none:
      break;
  }
  return not_run(subject, subject.why_not.cause, subject.why_not.reason);
}

std::string document_of(std::string_view path) {
  return "CAVP " + std::string(file_name(path));
}

void add_record(CavpRecord& record, const CavpSubject& subject, VectorFile& file) {
  Reading reading = read_record(record, subject);
  const bool runs = !std::holds_alternative<NotRunnable>(reading.body);
  if (runs && record.error()) {
    file.problems.push_back({.blame = Blame::malformed,
                             .path = fmt::format("{}:{}", file.name, record.line),
                             .offset = std::nullopt,
                             .why = *record.error(),
                             .clause = {}});
    return;
  }
  const std::string section =
      fmt::format("line {}{}{}", record.line, record.section.empty() ? "" : ", ", record.section);
  pass_over_counts(record);
  if (const auto unknown = record.left_over(); runs && unknown)
    reading.body =
        NotRunnable{Cause::unsupported, fmt::format("its member \"{}\" is not known here", *unknown)};
  file.cases.push_back({.id = fmt::format("{}/{}", file_name(file.name), record.line),
                        .origin = {document_of(file.name), section},
                        .algorithm = std::move(reading.algorithm),
                        .expectation = reading.expectation,
                        .body = std::move(reading.body)});
}

// RSA files write the exponent where it changes, and so with one record of many.
class Adding {
 public:
  Adding(const CavpSubject& subject, VectorFile& file) : subject_(&subject), file_(&file) {}
  void operator()(CavpRecord& record) {
    if (subject_->family == CavpFamily::rsa_pkcs1 || subject_->family == CavpFamily::rsa_pss) {
      if (!record.has("e")) record.set("e", exponent_);
      exponent_ = record.text("e").value_or("");
    }
    add_record(record, *subject_, *file_);
  }

 private:
  const CavpSubject* subject_;
  VectorFile* file_;
  std::string exponent_;
};

// A file of another algorithm is counted, not parsed: its form is none of our business.
void add_uncounted(std::string_view text, const CavpSubject& subject, VectorFile& file) {
  const std::size_t records = count_cavp_records(text);
  for (std::size_t i = 0; i < records; ++i)
    file.cases.push_back({.id = fmt::format("{}/record-{}", file_name(file.name), i),
                          .origin = {document_of(file.name), fmt::format("record {}", i)},
                          .algorithm = subject.name,
                          .expectation = Expectation::pass(),
                          .body = subject.why_not});
}

}  // namespace

bool looks_like_cavp(std::string_view text) {
  int members = 0;
  for (int lines = 0; lines < 64 && !text.empty();) {
    const std::string_view line = trimmed(take_line(text));
    if (line.empty()) continue;
    ++lines;
    const bool member = line.contains('=') && !line.starts_with('{');
    if (!member && !line.starts_with('#') && !line.starts_with('[') && lower(line) != "fail") return false;
    if (member && !line.starts_with('#') && !line.starts_with('[')) ++members;
  }
  return members > 0;
}

VectorFile read_cavp(std::string_view text, std::string name) {
  VectorFile file{.name = std::move(name), .format = "CAVP", .cases = {}, .problems = {}};
  const CavpSubject subject = cavp_subject(file.name, cavp_header(text));
  if (subject.family == CavpFamily::none)
    add_uncounted(text, subject, file);
  else
    for_each_cavp_record(text, file.name, Adding(subject, file), file.problems);
  return file;
}

}  // namespace mpsec::vectors
