#include "vectors/core/acvp_reader.hpp"

#include <fmt/format.h>
#include <map>

#include "vectors/core/text.hpp"

namespace mpsec::vectors {
namespace {

using Cause = NotRunnable::Cause;

constexpr std::uint64_t largest = 1ULL << 40;

enum class Form : std::uint8_t { gcm, ccm, gmac, cipher, mac, ike_keys, none };

struct Subject {
  Form form = Form::none;
  Algorithm algorithm{};
};

Subject subject_of(std::string_view name) {
  if (name == "ACVP-AES-GCM") return {Form::gcm, Algorithm::aes_gcm};
  if (name == "ACVP-AES-CCM") return {Form::ccm, Algorithm::aes_ccm};
  if (name == "ACVP-AES-GMAC") return {Form::gmac, Algorithm::aes_gmac};
  if (name == "ACVP-AES-CBC") return {Form::cipher, Algorithm::aes_cbc};
  if (name == "ACVP-AES-CTR") return {Form::cipher, Algorithm::aes_ctr};
  if (name == "ACVP-TDES-CBC") return {Form::cipher, Algorithm::triple_des_cbc};
  if (name == "CMAC-AES") return {Form::mac, Algorithm::aes_cmac};
  if (name == "kdf-components/ikev2") return {Form::ike_keys, Algorithm::prf_hmac_sha2_256};
  if (name.starts_with("HMAC-"))
    if (const auto hmac = hmac_over(name.substr(5))) return {Form::mac, *hmac};
  return {};
}

// The object with "testGroups", alone or in an array behind the version.
const Json* vector_set(const Json& document) {
  if (document.is_object()) return &document;
  if (!document.is_array()) return nullptr;
  for (const Json& element : document)
    if (element.is_object() && element.contains("testGroups")) return &element;
  return nullptr;
}

std::string text_of(const Json& object, const char* name) {
  const auto member = object.find(name);
  return member != object.end() && member->is_string() ? member->get<std::string>() : std::string();
}

// Calls `use` with every group and test that are objects.
template <class SetJson, class Use>
void for_each_test(SetJson& set, const Use& use) {
  if (!set.is_object() || !set.contains("testGroups") || !set["testGroups"].is_array()) return;
  for (auto& group : set["testGroups"]) {
    if (!group.is_object() || !group.contains("tests") || !group["tests"].is_array()) continue;
    for (auto& test : group["tests"])
      if (test.is_object()) use(group, test);
  }
}

// A decryption is answered by a plaintext or by "testPassed", a verification only by the latter.
bool answered(const Json& group, const Json& test) {
  if (test.contains("testPassed") || test.contains("resultsArray")) return true;
  const std::string direction = text_of(group, "direction");
  if (direction == "decrypt") return test.contains("pt");
  if (direction == "ver") return false;
  return test.contains("sKeySeed") || test.contains("ct") || test.contains("mac") || test.contains("tag");
}

// "testPassed": false marks a test whose tag was altered.
Expectation expectation_of(Fields& test) {
  return test.optional_flag("testPassed").value_or(true) ? Expectation::pass()
                                                         : Expectation::refuse(Reason::icv);
}

AeadCase read_gcm(Fields& test, std::size_t tag_size) {
  AeadCase aead;
  aead.algorithm = Algorithm::aes_gcm;
  aead.key = test.octets("key");
  aead.nonce = test.octets("iv");
  aead.aad = test.optional_octets("aad").value_or(Octets());
  aead.plaintext = test.optional_octets("pt");
  aead.ciphertext = test.octets("ct");
  aead.tag = test.octets("tag");
  aead.tag_size = tag_size;
  return aead;
}

// CCM hands out ciphertext and tag as one.
AeadCase read_ccm(Fields& test, std::size_t tag_size) {
  AeadCase aead;
  aead.algorithm = Algorithm::aes_ccm;
  aead.key = test.octets("key");
  aead.nonce = test.octets(test.has("nonce") ? "nonce" : "iv");
  aead.aad = test.optional_octets("aad").value_or(Octets());
  aead.plaintext = test.optional_octets("pt");
  aead.ciphertext = test.octets("ct");
  aead.tag_size = tag_size;
  const std::size_t text_size = aead.ciphertext.size() - std::min(tag_size, aead.ciphertext.size());
  aead.tag = Octets(aead.ciphertext.begin() + static_cast<std::ptrdiff_t>(text_size), aead.ciphertext.end());
  aead.ciphertext.resize(text_size);
  return aead;
}

CipherCase read_cipher(Fields& test, Algorithm algorithm) {
  CipherCase cipher;
  cipher.algorithm = algorithm;
  if (algorithm == Algorithm::triple_des_cbc && !test.has("key"))
    for (const char* part : {"key1", "key2", "key3"})
      append(cipher.key, test.octets(part));
  else
    cipher.key = test.octets("key");
  cipher.iv = test.octets("iv");
  cipher.plaintext = test.octets("pt");
  cipher.ciphertext = test.octets("ct");
  return cipher;
}

MacCase read_mac(Fields& test, Algorithm algorithm) {
  MacCase mac;
  mac.algorithm = algorithm;
  mac.key = test.octets("key");
  if (algorithm == Algorithm::aes_gmac) mac.nonce = test.octets("iv");
  const char* message = algorithm == Algorithm::aes_gmac ? "aad" : test.has("message") ? "message" : "msg";
  mac.message = test.octets(message);
  mac.tag = test.octets(test.has("mac") ? "mac" : "tag");
  return mac;
}

// A group is about one hash; a hash that IKE has no PRF with leaves nothing.
std::optional<Algorithm> prf_over(std::string_view hash) {
  const auto hmac = hmac_over(hash);
  return hmac ? algorithm_named("PRF-" + std::string(to_string(*hmac))) : std::nullopt;
}

Body read_ike_keys(Fields& test, const std::string& hash) {
  const auto prf = prf_over(hash);
  if (!prf) return NotRunnable{Cause::unsupported, "no PRF of IKE is over " + hash};
  IkeKeysCase keys;
  keys.algorithm = *prf;
  keys.initiator_nonce = test.octets("nInit");
  keys.responder_nonce = test.octets("nResp");
  keys.initiator_spi = test.octets("spiInit");
  keys.responder_spi = test.octets("spiResp");
  keys.shared_secret = test.octets("gir");
  keys.new_shared_secret = test.octets("girNew");
  keys.skeyseed = test.octets("sKeySeed");
  keys.keys = test.optional_octets("derivedKeyingMaterial");
  keys.child_keymat = test.optional_octets("derivedKeyingMaterialChild");
  keys.child_keymat_with_secrecy = test.optional_octets("derivedKeyingMaterialDh");
  keys.rekeyed_skeyseed = test.optional_octets("sKeySeedReKey");
  return keys;
}

// What a group says about all its tests.
struct Group {
  const Json* value = nullptr;
  std::string type;
  std::string hash;  // of a key derivation
  std::size_t tag_size = 16;
  bool whole_octets = true;
};

Group read_group(Fields& group, const Json& value) {
  Group result;
  result.value = &value;
  result.type = group.optional_text("testType");
  result.hash = group.optional_text("hashAlg");
  result.tag_size = group.optional_number("tagLen", largest).value_or(128) / 8;
  for (const char* name :
       {"payloadLen", "aadLen", "msgLen", "dataLength", "keyLen", "macLen", "tagLen", "ivLen"})
    if (group.optional_number(name, largest).value_or(0) % 8 != 0) result.whole_octets = false;
  return result;
}

std::optional<NotRunnable> why_not(const Subject& subject, const std::string& algorithm, const Group& group,
                                   Fields& test, const Json& value) {
  if (subject.form == Form::none) return NotRunnable{Cause::unsupported, no_transform(algorithm)};
  if (test.has("resultsArray") || group.type == "MCT")
    return NotRunnable{Cause::unsupported,
                       "Monte Carlo: each value stands for a chain of 1000 encryptions and more"};
  if (group.type == "CTR")
    return NotRunnable{Cause::outside_ipsec,
                       "a counter test: the counter is the implementation's own choice"};
  const bool whole_payload = test.optional_number("payloadLen", largest).value_or(0) % 8 == 0 &&
                             test.optional_number("dataLength", largest).value_or(0) % 8 == 0;
  if (!group.whole_octets || !whole_payload)
    return NotRunnable{Cause::outside_ipsec, "a length of bits, not of octets"};
  if (value.is_object() && group.value->is_object() && !answered(*group.value, value))
    return NotRunnable{Cause::unsupported, "a question without its answer, which stands in another file"};
  return std::nullopt;
}

Body read_body(Fields& test, const Subject& subject, const Group& group) {
  switch (subject.form) {
    case Form::gcm:
      return read_gcm(test, group.tag_size);
    case Form::ccm:
      return read_ccm(test, group.tag_size);
    case Form::gmac:
    case Form::mac:
      return read_mac(test, subject.algorithm);
    case Form::cipher:
      return read_cipher(test, subject.algorithm);
    case Form::ike_keys:
      return read_ike_keys(test, group.hash);
    case Form::none:
      break;
  }
  return NotRunnable{};
}

void read_test(const Json& value, const std::string& where, const Subject& subject,
               const std::string& algorithm, const Group& group, VectorFile& file) {
  Fields test(value, where, file.problems);
  const std::uint64_t number = test.number("tcId", largest);
  const Expectation expectation = expectation_of(test);
  auto reason = why_not(subject, algorithm, group, test, value);
  Body body = reason ? Body(*std::move(reason)) : read_body(test, subject, group);
  if (!test.sound()) return;
  const std::string document(file_name(file.name));
  file.cases.push_back(
      {.id = fmt::format("{}/{}", document, number),
       .origin = {fmt::format("ACVP {} {}", algorithm, document), fmt::format("test {}", number)},
       .algorithm = subject.form == Form::none ? algorithm : std::string(to_string(subject.algorithm)),
       .expectation = expectation,
       .body = std::move(body)});
}

}  // namespace

bool looks_like_acvp(const Json& document) {
  const Json* set = vector_set(document);
  return set != nullptr && set->contains("testGroups") && set->contains("algorithm") &&
         !set->contains("numberOfTests");
}

bool needs_acvp_answers(const Json& document) {
  bool missing = false;
  if (const Json* set = vector_set(document))
    for_each_test(*set,
                  [&](const Json& group, const Json& test) { missing = missing || !answered(group, test); });
  return missing && !is_acvp_answers(document);
}

bool is_acvp_answers(const Json& document) {
  bool answers = false;
  bool questions = false;
  if (const Json* set = vector_set(document))
    for_each_test(*set, [&](const Json& group, const Json& test) {
      questions = questions || group.contains("testType") || test.contains("key") || test.contains("key1") ||
                  test.contains("nInit");
      answers = true;
    });
  return answers && !questions;
}

Json join_acvp(const Json& prompt, const Json& answers) {
  std::map<std::pair<std::string, std::string>, const Json*> by_number;
  const auto number = [](const Json& group, const Json& test) {
    return std::pair(group.value("tgId", Json()).dump(), test.value("tcId", Json()).dump());
  };
  if (const Json* set = vector_set(answers))
    for_each_test(*set, [&](const Json& group, const Json& test) { by_number[number(group, test)] = &test; });
  const Json* asked = vector_set(prompt);
  Json joined = asked != nullptr ? *asked : Json::object();
  for_each_test(joined, [&](const Json& group, Json& test) {
    const auto answer = by_number.find(number(group, test));
    if (answer == by_number.end()) return;
    for (const auto& [name, value] : answer->second->items())
      if (!test.contains(name)) test[name] = value;
  });
  return joined;
}

VectorFile read_acvp(const Json& document, std::string name) {
  VectorFile file{.name = std::move(name), .format = "ACVP", .cases = {}, .problems = {}};
  const Json* set = vector_set(document);
  Fields top(set != nullptr ? *set : document, file.name + "#", file.problems);
  const std::string mode = top.optional_text("mode");
  const std::string algorithm = top.text("algorithm") + (mode.empty() ? "" : "/" + mode);
  const Subject subject = subject_of(algorithm);
  const Json* groups = top.array("testGroups");
  for (std::size_t i = 0; groups != nullptr && i < groups->size(); ++i) {
    Fields fields((*groups)[i], pointer_to(pointer_to(top.where(), "testGroups"), std::to_string(i)),
                  file.problems);
    const Group group = read_group(fields, (*groups)[i]);
    const Json* tests = fields.array("tests");
    for (std::size_t j = 0; tests != nullptr && j < tests->size(); ++j)
      read_test((*tests)[j], pointer_to(pointer_to(fields.where(), "tests"), std::to_string(j)), subject,
                algorithm, group, file);
  }
  return file;
}

}  // namespace mpsec::vectors
