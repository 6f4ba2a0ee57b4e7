#include "pcap-replay/keys/ike_algorithms.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <charconv>
#include <string>
#include <vector>

namespace mpsec::replay {
namespace {

using crypto::EncryptionId;
using crypto::IntegrityId;

// The words of a name in lower case, without the document in brackets and what only makes it readable.
std::vector<std::string> words_of(std::string_view name) {
  constexpr std::array<std::string_view, 15> filling = {"with",   "a",    "an",    "of",  "octet",
                                                        "octets", "byte", "bytes", "bit", "bits",
                                                        "icv",    "encr", "auth",  "mac", "authentication"};
  std::vector<std::string> words;
  std::string word;
  const auto end_word = [&] {
    if (!word.empty() && std::ranges::find(filling, word) == filling.end()) words.push_back(word);
    word.clear();
  };
  for (const char c : name.substr(0, std::min(name.find(" ["), name.size()))) {
    if (std::isalnum(static_cast<unsigned char>(c)) == 0)
      end_word();
    else
      word += static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  }
  end_word();
  return words;
}

struct Family {
  std::string_view name;
  EncryptionId id;
  EncryptionId with_12, with_16;  // octets of ICV; `id` has 8 where these are others
};

constexpr Family families[] = {
    {"null", EncryptionId::null, EncryptionId::null, EncryptionId::null},
    {"3des", EncryptionId::triple_des, EncryptionId::triple_des, EncryptionId::triple_des},
    {"3des cbc", EncryptionId::triple_des, EncryptionId::triple_des, EncryptionId::triple_des},
    {"tripledes cbc", EncryptionId::triple_des, EncryptionId::triple_des, EncryptionId::triple_des},
    {"aes cbc", EncryptionId::aes_cbc, EncryptionId::aes_cbc, EncryptionId::aes_cbc},
    {"aes ctr", EncryptionId::aes_ctr, EncryptionId::aes_ctr, EncryptionId::aes_ctr},
    {"aes ccm", EncryptionId::aes_ccm_8, EncryptionId::aes_ccm_12, EncryptionId::aes_ccm_16},
    {"aes gcm", EncryptionId::aes_gcm_8, EncryptionId::aes_gcm_12, EncryptionId::aes_gcm_16},
    {"chacha20 poly1305", EncryptionId::chacha20_poly1305, EncryptionId::chacha20_poly1305,
     EncryptionId::chacha20_poly1305},
};

struct NamedIntegrity {
  std::string_view name;
  IkeIntegrity integrity;
};

constexpr NamedIntegrity integrities[] = {
    {"none", {}},
    {"null", {}},
    {"hmac md5 96", {IntegrityId::hmac_md5_96}},
    {"hmac md5 128", {IntegrityId::hmac_md5_128}},
    {"hmac sha1 96", {IntegrityId::hmac_sha1_96}},
    {"hmac sha 1 96", {IntegrityId::hmac_sha1_96}},
    {"hmac sha1 160", {IntegrityId::hmac_sha1_160}},
    {"hmac sha 1 160", {IntegrityId::hmac_sha1_160}},
    {"hmac sha2 256 96", {IntegrityId::none, 12, true}},
    {"hmac sha 256 96", {IntegrityId::none, 12, true}},
    {"hmac sha2 256 128", {IntegrityId::hmac_sha2_256_128}},
    {"hmac sha 256 128", {IntegrityId::hmac_sha2_256_128}},
    {"hmac sha2 384 192", {IntegrityId::hmac_sha2_384_192}},
    {"hmac sha 384 192", {IntegrityId::hmac_sha2_384_192}},
    {"hmac sha2 512 256", {IntegrityId::hmac_sha2_512_256}},
    {"hmac sha 512 256", {IntegrityId::hmac_sha2_512_256}},
    {"aes xcbc 96", {IntegrityId::aes_xcbc_96}},
    {"aes cmac 96", {IntegrityId::aes_cmac_96}},
    {"any 64", {IntegrityId::none, 8}},
    {"any 96", {IntegrityId::none, 12}},
    {"any 128", {IntegrityId::none, 16}},
    {"any 160", {IntegrityId::none, 20}},
    {"any 192", {IntegrityId::none, 24}},
    {"any 256", {IntegrityId::none, 32}},
};

std::string joined(const std::vector<std::string>& words) {
  std::string text;
  for (const std::string& word : words)
    text.append(text.empty() ? "" : " ").append(word);
  return text;
}

// The numbers at the end of a cipher's name: bits of the key, octets of the ICV, in either order.
struct Sizes {
  std::size_t key_bits = 0, icv_octets = 0;
};
std::optional<Sizes> take_sizes(std::vector<std::string>& words) {
  Sizes sizes;
  while (words.size() > 1) {
    const std::string& word = words.back();
    std::size_t number = 0;
    const auto [end, problem] = std::from_chars(word.data(), word.data() + word.size(), number);
    if (problem != std::errc() || end != word.data() + word.size()) return sizes;
    std::size_t& size = number < 64 ? sizes.icv_octets : sizes.key_bits;
    if (size != 0 || number == 0) return std::nullopt;
    size = number;
    words.pop_back();
  }
  return sizes;
}

}  // namespace

std::optional<IkeCipher> ike_cipher_named(std::string_view name) {
  auto words = words_of(name);
  const auto sizes = take_sizes(words);
  if (!sizes) return std::nullopt;
  const auto* const family = std::ranges::find(families, joined(words), &Family::name);
  if (family == std::end(families)) return std::nullopt;
  const EncryptionId id = sizes->icv_octets == 8    ? family->id
                          : sizes->icv_octets == 12 ? family->with_12
                                                    : family->with_16;
  const auto transform = crypto::find(id);
  if (!transform) return std::nullopt;
  if (sizes->icv_octets != 0 && sizes->icv_octets != (*transform)->icv_octets) return std::nullopt;
  if (sizes->key_bits != 0 && !(*transform)->takes_key(sizes->key_bits / 8)) return std::nullopt;
  return IkeCipher{id, sizes->key_bits / 8};
}

std::optional<IkeIntegrity> ike_integrity_named(std::string_view name) {
  const auto* const found = std::ranges::find(integrities, joined(words_of(name)), &NamedIntegrity::name);
  if (found == std::end(integrities)) return std::nullopt;
  return found->integrity;
}

}  // namespace mpsec::replay
