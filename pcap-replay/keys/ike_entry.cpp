#include "pcap-replay/keys/ike_entry.hpp"

#include <fmt/format.h>

namespace mpsec::replay {
namespace {

Result<> check_encryption(std::string_view file, const crypto::EncryptionTransform& transform,
                          std::size_t cipher_key_octets, const SecretOctets& key, const Word& at) {
  const std::size_t salt = transform.salt_octets, size = key.size();
  const bool fits = cipher_key_octets != 0 ? size == cipher_key_octets + salt
                                           : size >= salt && transform.takes_key(size - salt);
  if (fits) return {};
  std::string sizes;
  for (const std::size_t one : transform.key_sizes)
    if (cipher_key_octets == 0 || one == cipher_key_octets)
      sizes += fmt::format("{}{}", sizes.empty() ? "" : ", ", one + salt);
  return std::unexpected(misread(file, at,
                                 fmt::format("expected a key of {} octets for {}, salt included, found {}",
                                             sizes, transform.name, size)));
}

Result<> check_integrity(std::string_view file, const crypto::IntegrityTransform& transform,
                         const SecretOctets& key, const Word& at) {
  if (key.size() == transform.key_octets) return {};
  return std::unexpected(misread(file, at,
                                 fmt::format("expected a key of {} octets for {}, found {}",
                                             transform.key_octets, transform.name, key.size())));
}

}  // namespace

bool IkeMessageKeys::icv_checked() const {
  const auto transform = crypto::find(encryption);
  return integrity != crypto::IntegrityId::none || (transform && (*transform)->combined());
}

IkeMessageKeys IkeMessageKeys::clone() const {
  return {encryption, integrity, unchecked_icv_octets, ei.clone(), er.clone(), ai.clone(), ar.clone()};
}

Result<> check_ike_keys(std::string_view file, const IkeMessageKeys& keys, std::size_t cipher_key_octets,
                        const IkeKeyPlaces& at) {
  const auto cipher = crypto::find(keys.encryption);
  if (!cipher) return std::unexpected(cipher.error());
  for (const auto& [key, place] : {std::pair{&keys.ei, at.ei}, {&keys.er, at.er}})
    if (auto checked = check_encryption(file, **cipher, cipher_key_octets, *key, place); !checked)
      return checked;
  if (keys.integrity == crypto::IntegrityId::none) return {};
  const auto integrity = crypto::find(keys.integrity);
  if (!integrity) return std::unexpected(integrity.error());
  for (const auto& [key, place] : {std::pair{&keys.ai, at.ai}, {&keys.ar, at.ar}})
    if (auto checked = check_integrity(file, **integrity, *key, place); !checked) return checked;
  return {};
}

}  // namespace mpsec::replay
