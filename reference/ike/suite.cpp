#include "ike/suite.hpp"

#include <fmt/format.h>

namespace mpsec::ike {
namespace {

using crypto::CipherKind;
using crypto::IntegrityId;

std::unexpected<Error> unfit(std::string_view path, std::string why, std::string_view clause) {
  return std::unexpected(Error{.blame = Blame::no_common_ground,
                               .path = std::string(path),
                               .offset = {},
                               .why = std::move(why),
                               .clause = std::string(clause)});
}

std::string key_sizes(const crypto::EncryptionTransform& transform) {
  std::string text;
  for (const std::uint8_t octets : transform.key_sizes)
    text += fmt::format("{}{}", text.empty() ? "" : ", ", octets * 8);
  return text;
}

//= rfc7296/3.3.5/key-length-only-for-variable-keys
Result<std::size_t> cipher_key_octets(const crypto::EncryptionTransform& transform,
                                      std::optional<std::uint16_t> key_bits) {
  if (!key_bits && transform.key_sizes.size() == 1) return transform.key_sizes.front();
  const std::string path = fmt::format("{}/Key Length", transform.name);
  if (!key_bits)
    return unfit(path, fmt::format("need a key length of {} bits, have none", key_sizes(transform)),
                 "RFC 7296 3.3.5");
  if (transform.key_sizes.size() == 1)
    return unfit(path, fmt::format("expected none, found {}: its keys have one size", *key_bits),
                 "RFC 7296 3.3.5");
  if (*key_bits % 8 != 0 || !transform.takes_key(*key_bits / 8u))
    return unfit(path, fmt::format("expected one of {} bits, found {}", key_sizes(transform), *key_bits),
                 transform.document);
  return *key_bits / 8u;
}

Result<> choose_encryption(const ProtectionChoice& choice, Protection& into) {
  const auto found = crypto::find(*choice.encryption);
  if (!found) return std::unexpected(found.error());
  const crypto::EncryptionTransform& transform = **found;
  if (transform.kind == CipherKind::unsupported)
    return unfit(transform.name, "nothing here computes this algorithm", transform.document);
  const auto key_octets = cipher_key_octets(transform, choice.key_bits);
  if (!key_octets) return std::unexpected(key_octets.error());
  into.encryption = &transform;
  into.cipher_key_octets = *key_octets;
  return {};
}

Result<> choose_integrity(const ProtectionChoice& choice, Protection& into) {
  if (!choice.integrity || *choice.integrity == IntegrityId::none) return {};
  const auto found = crypto::find(*choice.integrity);
  if (!found) return std::unexpected(found.error());
  if (!(*found)->supported)
    return unfit((*found)->name, "nothing here computes this algorithm", (*found)->document);
  into.integrity = *found;
  return {};
}

Result<Protection> chosen(const ProtectionChoice& choice) {
  Protection protection;
  if (choice.encryption)
    if (Result<> done = choose_encryption(choice, protection); !done) return std::unexpected(done.error());
  if (Result<> done = choose_integrity(choice, protection); !done) return std::unexpected(done.error());
  //= rfc7296/3.3/combined-algorithm-excludes-integrity
  if (protection.encryption != nullptr && protection.encryption->combined() &&
      protection.integrity != nullptr)
    return unfit(protection.encryption->name,
                 fmt::format("expected no integrity algorithm with a combined one, found {}",
                             protection.integrity->name),
                 "RFC 7296 3.3");
  if (protection.encryption != nullptr && protection.integrity != nullptr &&
      protection.integrity->salt_octets != 0)
    return unfit(protection.integrity->name, "this algorithm serves AH only", "RFC 4543 4");
  return protection;
}

}  // namespace

Result<Protection> ike_protection(const ProtectionChoice& choice) {
  auto protection = chosen(choice);
  if (!protection) return protection;
  const crypto::EncryptionTransform* encryption = protection->encryption;
  if (encryption == nullptr)
    return unfit("IKE SA/encryption", "need an algorithm, have none", "RFC 7296 3.3.3");
  //= rfc7296/5/null-encryption-never-for-ike
  if (encryption->kind == CipherKind::null || encryption->kind == CipherKind::gmac)
    return unfit(encryption->name, "IKE messages are never left readable", "RFC 7296 5");
  //= rfc8750/7/implicit-iv-never-for-ike
  if (encryption->implicit_iv)
    return unfit(encryption->name, "an implicit IV does not serve an IKE SA", "RFC 8750 7");
  if (!encryption->combined() && protection->integrity == nullptr)
    return unfit(encryption->name, "need an integrity algorithm beside it, have none", "RFC 7296 3.3.3");
  return protection;
}

Result<Suite> ike_suite(const SuiteChoice& choice) {
  const auto protection = ike_protection(choice.protection);
  if (!protection) return std::unexpected(protection.error());
  const auto prf = crypto::find(choice.prf);
  if (!prf) return std::unexpected(prf.error());
  if (!(*prf)->supported) return unfit((*prf)->name, "nothing here computes this function", (*prf)->document);
  const auto key_exchange = crypto::find(choice.key_exchange);
  if (!key_exchange) return std::unexpected(key_exchange.error());
  const crypto::KeyExchangeKind kind = (*key_exchange)->kind;
  if (kind == crypto::KeyExchangeKind::none || kind == crypto::KeyExchangeKind::unsupported)
    return unfit((*key_exchange)->name, "an IKE SA needs a key exchange that can be computed here",
                 "RFC 7296 3.3.3");
  return Suite{*protection, *prf, *key_exchange};
}

Result<Protection> esp_protection(const ProtectionChoice& choice) {
  auto protection = chosen(choice);
  if (!protection) return protection;
  if (protection->encryption == nullptr)
    return unfit("ESP/encryption", "need an algorithm, have none", "RFC 7296 3.3.3");
  if (protection->encryption->kind == CipherKind::null && protection->integrity == nullptr)
    return unfit("ESP", "need encryption or integrity, have neither", "RFC 4303 3.2");
  return protection;
}

Result<Protection> ah_protection(const ProtectionChoice& choice) {
  auto protection = chosen(choice);
  if (!protection) return protection;
  if (protection->encryption != nullptr)
    return unfit("AH", fmt::format("expected no encryption, found {}", protection->encryption->name),
                 "RFC 7296 3.3.3");
  if (protection->integrity == nullptr)
    return unfit("AH/integrity", "need an algorithm, have none", "RFC 7296 3.3.3");
  return protection;
}

std::string to_string(const Protection& protection) {
  std::string text;
  if (protection.encryption != nullptr) {
    text += protection.encryption->name;
    if (protection.encryption->key_sizes.size() > 1)
      text += fmt::format("-{}", protection.cipher_key_octets * 8);
  }
  if (protection.integrity != nullptr)
    text += fmt::format("{}{}", text.empty() ? "" : "/", protection.integrity->name);
  return text;
}

std::string to_string(const Suite& suite) {
  return fmt::format("{}/{}/{}", to_string(suite.protection), suite.prf->name, suite.key_exchange->name);
}

}  // namespace mpsec::ike
