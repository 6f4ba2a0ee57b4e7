// AES-XCBC-MAC (RFC 3566) and AES-CMAC (RFC 4493). Both are the last block of an AES-CBC encryption with a
// zero IV, where the last block of the text is first XORed with one of two masks: one for a whole block,
// one for a block that had to be padded. They differ only in how the key and the masks are derived.
#include <algorithm>
#include <array>
#include <cstring>

#include "crypto/openssl/evp.hpp"

namespace mpsec::crypto::evp {
namespace {

constexpr std::size_t block_octets = 16;
using Block = std::array<std::uint8_t, block_octets>;

struct Subkeys {
  SecretOctets key;
  SecretOctets whole_mask;
  SecretOctets padded_mask;

  Subkeys clone() const { return {key.clone(), whole_mask.clone(), padded_mask.clone()}; }
};

class CbcMac final : public Mac {
 public:
  CbcMac(const CipherAlgorithm& cbc, Subkeys subkeys, std::uint8_t icv_octets)
      : algorithm_(cbc),
        subkeys_(std::move(subkeys)),
        cipher_(cbc, subkeys_.key.view(), {}),
        icv_octets_(icv_octets) {}

  std::size_t icv_octets() const noexcept override { return icv_octets_; }

  void sign(std::span<MacJob> jobs) noexcept override {
    for (MacJob& job : jobs) {
      must(compute(job), "to sign");
      std::memcpy(job.icv, last_.data(), icv_octets_);
    }
  }

  void verify(std::span<MacJob> jobs) noexcept override {
    for (MacJob& job : jobs)
      job.authentic =
          compute(job) && equal_in_constant_time({last_.data(), icv_octets_}, {job.icv, icv_octets_});
  }

  std::unique_ptr<Mac> clone() const override {
    return std::make_unique<CbcMac>(algorithm_, subkeys_.clone(), icv_octets_);
  }

 private:
  // Leaves the check value, not yet cut to its length, in last_.
  bool compute(const MacJob& job) noexcept {
    static constexpr Block zero = {};
    if (EVP_EncryptInit_ex2(cipher_.encrypting(), nullptr, nullptr, zero.data(), nullptr) != 1) return false;
    held_ = 0;
    return take_in(job.text) && take_in(job.trailer) && finish();
  }

  // Encrypts all but the last octets, which stay in last_: one to sixteen of them, as soon as there is one.
  bool take_in(OctetView octets) noexcept {
    while (!octets.empty()) {
      if (held_ == block_octets && !chain(last_)) return false;
      if (held_ == block_octets) held_ = 0;
      if (held_ == 0 && octets.size() > block_octets) {
        const std::size_t ahead =
            std::min((octets.size() - 1) / block_octets * block_octets, scratch_.size());
        if (!chain(octets.first(ahead))) return false;
        octets = octets.subspan(ahead);
        continue;
      }
      const std::size_t taken = std::min(block_octets - held_, octets.size());
      std::memcpy(last_.data() + held_, octets.data(), taken);
      held_ += taken;
      octets = octets.subspan(taken);
    }
    return true;
  }

  bool finish() noexcept {
    const bool whole = held_ == block_octets;
    if (!whole) {
      std::fill(last_.begin() + static_cast<std::ptrdiff_t>(held_), last_.end(), std::uint8_t{0});
      last_[held_] = 0x80;
    }
    const OctetView mask = whole ? subkeys_.whole_mask.view() : subkeys_.padded_mask.view();
    for (std::size_t i = 0; i < block_octets; ++i)
      last_[i] ^= mask[i];
    if (!chain(last_)) return false;
    std::memcpy(last_.data(), scratch_.data(), block_octets);
    return true;
  }

  // Whole blocks, no more than the scratch holds.
  bool chain(OctetView blocks) noexcept {
    int passed = 0;
    return EVP_EncryptUpdate(cipher_.encrypting(), scratch_.data(), &passed, blocks.data(),
                             static_cast<int>(blocks.size())) == 1;
  }

  CipherAlgorithm algorithm_;
  Subkeys subkeys_;
  KeyedCipher cipher_;
  Block last_ = {};
  std::size_t held_ = 0;
  std::array<std::uint8_t, 512> scratch_ = {};
  std::size_t icv_octets_;
};

// One block under the key alone.
SecretOctets encrypted(const CipherAlgorithm& cbc, OctetView key, Block block) {
  KeyedCipher cipher(cbc, key, {});
  static constexpr Block zero = {};
  int passed = 0;
  must(EVP_EncryptInit_ex2(cipher.encrypting(), nullptr, nullptr, zero.data(), nullptr) == 1 &&
           EVP_EncryptUpdate(cipher.encrypting(), block.data(), &passed, block.data(), block_octets) == 1,
       "a subkey");
  SecretOctets out{OctetView(block)};
  wipe(block);
  return out;
}

//= rfc3566/4/k1-k2-k3-encrypt-constants
Subkeys xcbc_subkeys(const CipherAlgorithm& cbc, OctetView key) {
  const auto constant = [](std::uint8_t octet) {
    Block block;
    block.fill(octet);
    return block;
  };
  return {encrypted(cbc, key, constant(0x01)), encrypted(cbc, key, constant(0x02)),
          encrypted(cbc, key, constant(0x03))};
}

// Multiplies by x in GF(2^128) (RFC 4493 2.3).
SecretOctets doubled(OctetView from) {
  SecretOctets to(block_octets);
  const MutableOctets out = to.writable();
  std::uint8_t carry = 0;
  for (std::size_t i = block_octets; i-- > 0; carry = from[i] >> 7)
    out[i] = static_cast<std::uint8_t>(from[i] << 1 | carry);
  out[block_octets - 1] ^= static_cast<std::uint8_t>(carry * 0x87);
  return to;
}

//= rfc4493/2.3/subkeys-double-the-encrypted-zero
Subkeys cmac_subkeys(const CipherAlgorithm& cbc, OctetView key) {
  const SecretOctets of_zero = encrypted(cbc, key, Block{});
  SecretOctets whole = doubled(of_zero.view());
  SecretOctets padded = doubled(whole.view());
  return {SecretOctets(key), std::move(whole), std::move(padded)};
}

}  // namespace

std::unique_ptr<Mac> make_cbc_mac(CipherAlgorithm aes_128_cbc, OctetView key,
                                  const IntegrityTransform& transform) {
  Subkeys subkeys = transform.id == IntegrityId::aes_xcbc_96 ? xcbc_subkeys(aes_128_cbc, key)
                                                             : cmac_subkeys(aes_128_cbc, key);
  return std::make_unique<CbcMac>(aes_128_cbc, std::move(subkeys), transform.icv_octets);
}

}  // namespace mpsec::crypto::evp
