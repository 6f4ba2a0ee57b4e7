#include "pcap-replay/ike/ike_opener.hpp"

#include <algorithm>
#include <array>

namespace mpsec::replay {

using ike::OpenFault;

Result<IkeBodyOpener> IkeBodyOpener::create(const crypto::Provider& provider, const IkeMessageKeys& keys,
                                            const SecretOctets& encryption_key,
                                            const SecretOctets& integrity_key) {
  const auto encryption = crypto::find(keys.encryption);
  if (!encryption) return std::unexpected(encryption.error());
  const crypto::EncryptionTransform& transform = **encryption;
  const auto integrity = keys.integrity == crypto::IntegrityId::none
                             ? Result<const crypto::IntegrityTransform*>(nullptr)
                             : crypto::find(keys.integrity);
  if (!integrity) return std::unexpected(integrity.error());
  const std::size_t key_octets = encryption_key.size() - transform.salt_octets;
  IkeBodyOpener opener;
  if (transform.kind != crypto::CipherKind::null && keys.icv_checked()) {
    auto checked = ike::MessageOpener::create(provider, {&transform, key_octets, *integrity},
                                              encryption_key.view(), integrity_key.view());
    if (!checked) return std::unexpected(std::move(checked).error());
    opener.checked_ = *std::move(checked);
    return opener;
  }
  opener.layout_ = {.iv = transform.iv_octets,
                    .block = transform.block_octets,
                    .icv = *integrity != nullptr ? (*integrity)->icv_octets : keys.unchecked_icv_octets};
  if (transform.kind != crypto::CipherKind::null) {
    auto cipher = provider.cipher(transform, encryption_key.view().first(key_octets));
    if (!cipher) return std::unexpected(std::move(cipher).error());
    opener.cipher_ = *std::move(cipher);
    opener.salt_ = SecretOctets(encryption_key.view().subspan(key_octets));
  }
  if (*integrity == nullptr) return opener;
  auto mac = provider.mac(**integrity, integrity_key.view());
  if (!mac) return std::unexpected(std::move(mac).error());
  opener.mac_ = *std::move(mac);
  return opener;
}

std::expected<MutableOctets, OpenFault> IkeBodyOpener::open(MutableOctets message, std::size_t body_at) {
  return checked_ ? checked_->open(message, body_at) : open_by_parts(message, body_at);
}

std::expected<MutableOctets, OpenFault> IkeBodyOpener::open_by_parts(MutableOctets message,
                                                                     std::size_t body_at) {
  if (body_at > message.size() || message.size() - body_at < layout_.iv + 1 + layout_.icv)
    return std::unexpected(OpenFault::too_short);
  const std::size_t icv_at = message.size() - layout_.icv, text_at = body_at + layout_.iv;
  const MutableOctets text = message.subspan(text_at, icv_at - text_at);
  if (text.size() % layout_.block != 0) return std::unexpected(OpenFault::misaligned);
  if (mac_) {
    crypto::MacJob check{
        .text = message.first(icv_at), .trailer = {}, .icv = message.data() + icv_at, .iv = nullptr};
    mac_->verify({&check, 1});
    if (!check.authentic) return std::unexpected(OpenFault::not_authentic);
  }
  if (cipher_) {
    std::array<std::uint8_t, 16> nonce = {};
    const auto behind = std::ranges::copy(salt_.view(), nonce.begin()).out;
    std::ranges::copy(message.subspan(body_at, layout_.iv), behind);
    crypto::CipherJob job{.iv = nonce.data(), .text = text};
    cipher_->decrypt({&job, 1});
  }
  const std::size_t padding = text.back();
  if (padding >= text.size()) return std::unexpected(OpenFault::bad_padding);
  return text.first(text.size() - padding - 1);
}

Result<IkeOpener> IkeOpener::create(const crypto::Provider& provider, const IkeMessageKeys& keys) {
  auto from_initiator = IkeBodyOpener::create(provider, keys, keys.ei, keys.ai);
  if (!from_initiator) return std::unexpected(std::move(from_initiator).error());
  auto from_responder = IkeBodyOpener::create(provider, keys, keys.er, keys.ar);
  if (!from_responder) return std::unexpected(std::move(from_responder).error());
  return IkeOpener(*std::move(from_initiator), *std::move(from_responder), keys.icv_checked());
}

}  // namespace mpsec::replay
