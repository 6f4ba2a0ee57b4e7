#include "vectors/core/wycheproof_reader.hpp"

#include <algorithm>
#include <array>
#include <fmt/format.h>

#include "vectors/core/signature_reader.hpp"
#include "vectors/core/text.hpp"

namespace mpsec::vectors {
namespace {

using Cause = NotRunnable::Cause;

enum class Form : std::uint8_t { aead, mac, cbc_pkcs5, key_exchange, signature, none };

// What the document's "algorithm" and "schema" make of its tests.
struct Subject {
  Form form = Form::none;
  Algorithm algorithm{};
  NotRunnable why_not;
};

Subject subject_of(const std::string& name, std::string_view schema) {
  if (name == "AES-GCM") return {Form::aead, Algorithm::aes_gcm, {}};
  if (name == "AES-CCM") return {Form::aead, Algorithm::aes_ccm, {}};
  if (name == "CHACHA20-POLY1305") return {Form::aead, Algorithm::chacha20_poly1305, {}};
  if (name == "AES-GMAC") return {Form::mac, Algorithm::aes_gmac, {}};
  if (name == "AES-CMAC") return {Form::mac, Algorithm::aes_cmac, {}};
  if (name == "AES-CBC-PKCS5") return {Form::cbc_pkcs5, Algorithm::aes_cbc, {}};
  if (name.starts_with("HMAC"))
    if (const auto hmac = hmac_over(std::string_view(name).substr(4))) return {Form::mac, *hmac, {}};
  const std::string form = lower(schema);
  if (name == "XDH" && (form.contains("xdh_comp") || form.contains("xdh_asn")))
    return {Form::key_exchange, {}, {}};
  if (name == "ECDH" && (form.contains("ecpoint") || form.starts_with("ecdh_test")))
    return {Form::key_exchange, {}, {}};
  if (name == "XDH" || name == "ECDH")
    return {Form::none, {}, {Cause::outside_ipsec, fmt::format("{} keys in the form of {}", name, schema)}};
  if (is_wycheproof_signature(name, schema)) return {Form::signature, {}, {}};
  return {Form::none, {}, {Cause::unsupported, no_transform(name)}};
}

std::vector<std::string> flags_of(Fields& test) {
  std::vector<std::string> flags;
  if (!test.has("flags")) return flags;
  if (const Json* array = test.array("flags"))
    for (const Json& flag : *array)
      if (flag.is_string()) flags.push_back(flag.get<std::string>());
  return flags;
}

// An invalid test says by its flags what is wrong with it; without a flag we know, it is the tag.
Reason reason_of(const std::vector<std::string>& flags) {
  for (const std::string& flag : flags) {
    if (flag == "BadPadding") return Reason::padding;
    if (flag == "ZeroLengthIv") return Reason::nonce_size;
    if (flag == "InsecureTagSize") return Reason::icv_size;
    if (!flag.starts_with("Invalid")) continue;
    if (flag.contains("Nonce") || flag.contains("Iv")) return Reason::nonce_size;
    if (flag.contains("TagSize")) return Reason::icv_size;
    if (flag.contains("Key")) return Reason::key_size;
  }
  return Reason::icv;
}

Expectation expectation_of(Fields& test) {
  const std::string result = test.text("result");
  const std::vector<std::string> flags = flags_of(test);
  if (result == "valid") return Expectation::pass();
  if (result == "acceptable") return Expectation::either();
  if (result != "invalid" && !result.empty())
    test.complain("result", fmt::format("found \"{}\"; allowed: valid, acceptable, invalid", result));
  return Expectation::refuse(reason_of(flags));
}

AeadCase read_aead(Fields& test, Algorithm algorithm, std::size_t tag_size) {
  AeadCase aead;
  aead.algorithm = algorithm;
  aead.key = test.octets("key");
  aead.nonce = test.octets("iv");
  aead.aad = test.octets("aad");
  aead.plaintext = test.octets("msg");
  aead.ciphertext = test.octets("ct");
  aead.tag = test.octets("tag");
  aead.tag_size = tag_size;
  return aead;
}

MacCase read_mac(Fields& test, Algorithm algorithm) {
  MacCase mac;
  mac.algorithm = algorithm;
  mac.key = test.octets("key");
  mac.nonce = test.optional_octets("iv").value_or(Octets());
  mac.message = test.octets("msg");
  mac.tag = test.octets("tag");
  return mac;
}

// The padding is part of what CBC encrypts; a test whose padding is wrong says nothing about CBC.
Body read_cbc_pkcs5(Fields& test, const Expectation& expectation) {
  CipherCase cipher;
  cipher.algorithm = Algorithm::aes_cbc;
  cipher.key = test.octets("key");
  cipher.iv = test.octets("iv");
  cipher.plaintext = test.octets("msg");
  cipher.ciphertext = test.octets("ct");
  const auto padding = static_cast<std::uint8_t>(16 - cipher.plaintext.size() % 16);
  cipher.plaintext.insert(cipher.plaintext.end(), padding, padding);
  if (expectation.verdict != Expectation::Verdict::pass)
    return NotRunnable{Cause::outside_ipsec, "PKCS #5 padding that must be refused; ESP pads otherwise"};
  return cipher;
}

struct Curve {
  std::string_view name;
  std::string_view group;
  std::size_t public_octets;
  std::string_view prime;                // of coordinates; empty where there is one coordinate, of any value
  std::string_view info, secret_info{};  // before the values in ASN.1: of public and of private ones
};
constexpr std::array curves{
    Curve{"curve25519", "x25519", 32, {}, "302a300506032b656e032100", "302e020100300506032b656e04220420"},
    Curve{"curve448", "x448", 56, {}, "3042300506032b656f033900", "3046020100300506032b656f043a0438"},
    Curve{"secp224r1", "ecp_224", 56, "ffffffffffffffffffffffffffffffff000000000000000000000001",
          "304e301006072a8648ce3d020106052b81040021033a00"},
    Curve{"secp256r1", "ecp_256", 64, "ffffffff00000001000000000000000000000000ffffffffffffffffffffffff",
          "3059301306072a8648ce3d020106082a8648ce3d030107034200"},
    Curve{"secp384r1", "ecp_384", 96,
          "fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffeffffffff0000000000000000ffffffff",
          "3076301006072a8648ce3d020106052b81040022036200"},
    Curve{"secp521r1", "ecp_521", 132,
          "01ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff"
          "ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
          "30819b301006072a8648ce3d020106052b8104002303818600"},
};

bool take_prefix(Octets& octets, const Octets& prefix) {
  if (octets.size() < prefix.size() || !std::equal(prefix.begin(), prefix.end(), octets.begin()))
    return false;
  octets.erase(octets.begin(), octets.begin() + static_cast<std::ptrdiff_t>(prefix.size()));
  return true;
}

// A point comes in the form of SEC 1, where 04 marks both coordinates; IKE sends them without it.
// What ASN.1 puts before the values is taken off; nothing if it is not there in the one usual form.
std::optional<KeyExchangeCase> read_key_exchange(Fields& test, const Curve& curve) {
  KeyExchangeCase exchange;
  exchange.group = curve.group;
  exchange.private_value = test.octets("private");
  exchange.peer_public = test.octets("public");
  exchange.shared_secret = test.octets("shared");
  const Octets info = hex(curve.info), secret = hex(curve.secret_info);
  const bool der = exchange.peer_public.size() > curve.public_octets + 1 && exchange.peer_public[0] == 0x30;
  if (der && !take_prefix(exchange.peer_public, info)) return std::nullopt;
  if (der && !secret.empty() && !take_prefix(exchange.private_value, secret)) return std::nullopt;
  if (exchange.group.starts_with("ecp") && !exchange.peer_public.empty() && exchange.peer_public[0] == 4)
    exchange.peer_public.erase(exchange.peer_public.begin());
  return exchange;
}

// What is wrong with two coordinates that are no point of the curve.
Reason reason_of(OctetView point, const Curve& curve) {
  const Octets prime = hex(curve.prime);
  const auto below = [&prime](OctetView coordinate) {
    return std::ranges::lexicographical_compare(coordinate, prime);
  };
  const std::size_t half = point.size() / 2;
  return below(point.first(half)) && below(point.subspan(half)) ? Reason::off_curve : Reason::out_of_range;
}

// A secret of nothing but zeros on a Montgomery curve, which Wycheproof leaves to the user, IKE refuses; and
// so a compressed point.
Expectation expectation_of(const KeyExchangeCase& exchange, const Curve& curve, const Expectation& given) {
  if (exchange.peer_public.size() != curve.public_octets) return Expectation::refuse(Reason::wrong_length);
  if (given.verdict == Expectation::Verdict::refuse)
    return Expectation::refuse(reason_of(exchange.peer_public, curve));
  const bool zero = curve.prime.empty() && std::ranges::all_of(*exchange.shared_secret,
                                                               [](std::uint8_t octet) { return octet == 0; });
  return zero ? Expectation::refuse(Reason::zero_secret) : Expectation::pass();
}

Body read_body(Fields& test, const Subject& subject, const Expectation& expectation, std::size_t tag_size) {
  switch (subject.form) {
    case Form::aead:
      return read_aead(test, subject.algorithm, tag_size);
    case Form::mac:
      return read_mac(test, subject.algorithm);
    case Form::cbc_pkcs5:
      return read_cbc_pkcs5(test, expectation);
    case Form::key_exchange:
    case Form::signature:
    case Form::none:
      break;
  }
  return subject.why_not;
}

// One document on its way into cases.
class Reading {
 public:
  Reading(const Json& document, VectorFile& file)
      : file_(file), top_(document, file.name + "#", file.problems) {
    algorithm_ = top_.text("algorithm");
    schema_ = top_.optional_text("schema");
    subject_ = subject_of(algorithm_, schema_);
  }

  void groups() {
    const Json* groups = top_.array("testGroups");
    for (std::size_t i = 0; groups != nullptr && i < groups->size(); ++i)
      group(Fields((*groups)[i], place(top_, "testGroups", i), file_.problems));
  }

 private:
  static std::string place(const Fields& fields, std::string_view array, std::size_t index) {
    return pointer_to(pointer_to(fields.where(), array), std::to_string(index));
  }

  void group(Fields group) {
    const std::size_t tag_size = group.optional_number("tagSize", 1 << 16).value_or(128) / 8;
    curve_ = subject_.form == Form::key_exchange ? group.text("curve") : std::string();
    if (subject_.form == Form::signature)
      signature_ = wycheproof_signature_group(algorithm_, schema_, group).value_or(subject_.why_not);
    const Json* tests = group.array("tests");
    for (std::size_t i = 0; tests != nullptr && i < tests->size(); ++i)
      test(Fields((*tests)[i], place(group, "tests", i), file_.problems), tag_size);
  }

  void test(Fields test, std::size_t tag_size) {
    const std::uint64_t id = test.number("tcId", 1'000'000'000);
    const std::string comment = test.optional_text("comment");
    Expectation expectation = expectation_of(test);
    Body body = subject_.form == Form::key_exchange ? key_exchange(test, expectation)
                : subject_.form == Form::signature  ? signature(test, expectation)
                                                    : read_body(test, subject_, expectation, tag_size);
    if (!test.sound()) return;
    const std::string_view document = file_name(file_.name);
    const bool named = subject_.form != Form::none && subject_.form != Form::key_exchange &&
                       subject_.form != Form::signature;
    file_.cases.push_back({.id = fmt::format("{}/{}", document, id),
                           .origin = {fmt::format("Wycheproof {}", document),
                                      fmt::format("test {}{}{}", id, comment.empty() ? "" : ": ", comment)},
                           .algorithm = named ? std::string(to_string(subject_.algorithm)) : algorithm_,
                           .expectation = expectation,
                           .body = std::move(body)});
  }

  Body key_exchange(Fields& test, Expectation& expectation) const {
    const auto curve = std::ranges::find(curves, curve_, &Curve::name);
    if (curve == curves.end())
      return NotRunnable{Cause::unsupported,
                         fmt::format("no key exchange of IKE is on the curve {}", curve_)};
    auto exchange = read_key_exchange(test, *curve);
    if (!exchange) return NotRunnable{Cause::outside_ipsec, "a public key in an unusual form of ASN.1"};
    expectation = expectation_of(*exchange, *curve, expectation);
    return *std::move(exchange);
  }

  Body signature(Fields& test, Expectation& expectation) const {
    if (expectation.verdict == Expectation::Verdict::refuse)
      expectation = Expectation::refuse(Reason::signature);
    const auto* const group = std::get_if<SignatureCase>(&signature_);
    if (group == nullptr) return signature_;
    SignatureCase one = *group;
    one.message = test.octets("msg");
    one.signature = test.octets("sig");
    return one;
  }

  VectorFile& file_;
  Fields top_;
  std::string curve_;
  std::string algorithm_, schema_;
  Subject subject_;
  Body signature_ = NotRunnable{};  // what the group at hand says of its tests
};

}  // namespace

bool looks_like_wycheproof(const Json& document) {
  return document.is_object() && document.contains("numberOfTests") && document.contains("testGroups") &&
         document.contains("algorithm");
}

VectorFile read_wycheproof(const Json& document, std::string name) {
  VectorFile file{.name = std::move(name), .format = "Wycheproof", .cases = {}, .problems = {}};
  Reading(document, file).groups();
  return file;
}

}  // namespace mpsec::vectors
