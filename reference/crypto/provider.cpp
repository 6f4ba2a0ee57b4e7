#include "crypto/provider.hpp"

#include <cstdio>
#include <cstdlib>
#include <fmt/format.h>

namespace mpsec::crypto {
namespace {

Error refused(std::string_view path, std::string why, std::string_view clause) {
  return Error{.blame = Blame::local_fault,
               .path = std::string(path),
               .offset = {},
               .why = std::move(why),
               .clause = std::string(clause.starts_with("RFC") ? clause : std::string_view{})};
}

// "16, 24 or 32"
std::string listed(std::span<const std::uint8_t> sizes) {
  std::string text;
  for (std::size_t i = 0; i < sizes.size(); ++i) {
    if (i > 0) text += i + 1 == sizes.size() ? " or " : ", ";
    text += fmt::format("{}", sizes[i]);
  }
  return text;
}

Result<> check_encryption(const EncryptionTransform& transform, OctetView key, bool combined) {
  if (transform.kind == CipherKind::unsupported)
    return std::unexpected(refused(transform.name,
                                   "this algorithm is known by name only: nothing here computes it",
                                   transform.document));
  if (transform.combined() != combined)
    return std::unexpected(refused(
        transform.name,
        combined ? "expected a combined algorithm, found one that needs a separate integrity algorithm"
                 : "expected an algorithm without integrity, found a combined one",
        transform.document));
  if (transform.takes_key(key.size())) return {};
  const std::string_view salt = transform.salt_octets != 0 ? " (without the salt)" : "";
  return std::unexpected(
      refused(std::string(transform.name) + "/key",
              fmt::format("need {} octets{}, have {}", listed(transform.key_sizes), salt, key.size()),
              transform.document));
}

}  // namespace

Result<> check_aead(const EncryptionTransform& transform, OctetView key) {
  return check_encryption(transform, key, true);
}

Result<> check_cipher(const EncryptionTransform& transform, OctetView key) {
  return check_encryption(transform, key, false);
}

Result<> check_mac(const IntegrityTransform& transform, OctetView key) {
  if (!transform.supported)
    return std::unexpected(
        refused(transform.name, "there is nothing here that computes it", transform.document));
  const std::size_t need = transform.key_octets + transform.salt_octets;
  if (key.size() == need) return {};
  const std::string parts =
      transform.salt_octets == 0
          ? ""
          : fmt::format(" ({} of key, then {} of salt)", transform.key_octets, transform.salt_octets);
  return std::unexpected(refused(std::string(transform.name) + "/key",
                                 fmt::format("need {} octets{}, have {}", need, parts, key.size()),
                                 transform.document));
}

Error not_supported(std::string_view transform, std::string_view provider) {
  return refused(transform, fmt::format("the provider {} lacks this algorithm", provider), "");
}

void fatal(std::string_view library, std::string_view refused) noexcept {
  std::fprintf(stderr, "mpsec: %.*s refused %.*s; ending, because what was not protected must not leave\n",
               static_cast<int>(library.size()), library.data(), static_cast<int>(refused.size()),
               refused.data());
  std::abort();
}

}  // namespace mpsec::crypto
