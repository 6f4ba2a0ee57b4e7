#include "vectors/run/fixed_iv.hpp"

#include <algorithm>
#include <array>

#include "ipsec/ah_packet.hpp"
#include "wire/checksum.hpp"
#include "wire/in_place.hpp"
#include "wire/ipv4.hpp"

namespace mpsec::vectors {
namespace {

using Nonce = std::array<std::uint8_t, 16>;

// The nonce with its last octets replaced by `iv`, which also goes in front of `text`.
void use_iv(const Octets& iv, const std::uint8_t* nonce, std::size_t nonce_octets, std::uint8_t* text,
            Nonce& made) {
  std::copy_n(nonce, nonce_octets, made.begin());
  std::ranges::copy(iv, made.begin() + static_cast<std::ptrdiff_t>(nonce_octets - iv.size()));
  std::ranges::copy(iv, text - iv.size());
}

class FixedIvAead final : public crypto::Aead {
 public:
  FixedIvAead(std::unique_ptr<crypto::Aead> aead, Octets iv) : aead_(std::move(aead)), iv_(std::move(iv)) {}

  std::size_t nonce_octets() const noexcept override { return aead_->nonce_octets(); }
  std::size_t icv_octets() const noexcept override { return aead_->icv_octets(); }
  void seal(std::span<crypto::AeadJob> jobs) noexcept override {
    for (crypto::AeadJob& job : jobs) {
      Nonce nonce;
      use_iv(iv_, job.nonce, nonce_octets(), job.text.data(), nonce);
      job.nonce = nonce.data();
      aead_->seal({&job, 1});
    }
  }
  void open(std::span<crypto::AeadJob> jobs) noexcept override { aead_->open(jobs); }
  std::unique_ptr<crypto::Aead> clone() const override {
    return std::make_unique<FixedIvAead>(aead_->clone(), iv_);
  }

 private:
  std::unique_ptr<crypto::Aead> aead_;
  Octets iv_;
};

class FixedIvCipher final : public crypto::Cipher {
 public:
  FixedIvCipher(std::unique_ptr<crypto::Cipher> cipher, Octets iv)
      : cipher_(std::move(cipher)), iv_(std::move(iv)) {}

  std::size_t iv_octets() const noexcept override { return cipher_->iv_octets(); }
  void encrypt(std::span<crypto::CipherJob> jobs) noexcept override {
    for (crypto::CipherJob& job : jobs) {
      Nonce nonce;
      use_iv(iv_, job.iv, iv_octets(), job.text.data(), nonce);
      job.iv = nonce.data();
      cipher_->encrypt({&job, 1});
    }
  }
  void decrypt(std::span<crypto::CipherJob> jobs) noexcept override { cipher_->decrypt(jobs); }
  std::unique_ptr<crypto::Cipher> clone() const override {
    return std::make_unique<FixedIvCipher>(cipher_->clone(), iv_);
  }

 private:
  std::unique_ptr<crypto::Cipher> cipher_;
  Octets iv_;
};

}  // namespace

Result<std::unique_ptr<crypto::Aead>> FixedIvProvider::aead(const crypto::EncryptionTransform& transform,
                                                            OctetView key) const {
  auto made = provider_.aead(transform, key);
  if (!made || iv_.size() != transform.wire_iv_octets()) return made;
  return std::make_unique<FixedIvAead>(*std::move(made), iv_);
}

Result<std::unique_ptr<crypto::Cipher>> FixedIvProvider::cipher(const crypto::EncryptionTransform& transform,
                                                                OctetView key) const {
  auto made = provider_.cipher(transform, key);
  if (!made || transform.kind != crypto::CipherKind::ctr || iv_.size() != transform.iv_octets) return made;
  return std::make_unique<FixedIvCipher>(*std::move(made), iv_);
}

void FixedRng::fill(MutableOctets out) {
  for (std::size_t i = 0; i < out.size(); ++i)
    out[i] = octets_.empty() ? std::uint8_t{0} : octets_[i % octets_.size()];
}

void SendersChoice::before_sealing(ipsec::PacketBuffer& packet, MutableOctets) noexcept {
  constexpr std::size_t header = 20;
  std::uint8_t* ip = packet.data();
  if (tunnel_ && packet.size() >= header && ip[0] >> 4 == 4 && like_.size() >= header && like_[0] >> 4 == 4) {
    wire::store<&wire::Ipv4Header::identification>(
        ip, wire::load<&wire::Ipv4Header::identification>(like_.data()));
    wire::store<&wire::Ipv4Header::checksum>(ip, std::uint16_t{0});
    wire::store<&wire::Ipv4Header::checksum>(ip, wire::internet_checksum({ip, header}));
  }
  const auto place = ipsec::ah_locate(packet.view());
  if (place && place->iv_at() + iv_.size() <= packet.size()) std::ranges::copy(iv_, ip + place->iv_at());
}

}  // namespace mpsec::vectors
