// AES-GCM and GMAC by the library's direct calls: one packet each, no lanes, no state but the expanded key.
#include <cstring>

#include "crypto/ipsec_mb/lanes.hpp"

namespace mpsec::crypto::mb {
namespace {

constexpr std::size_t salt_octets = 4;
constexpr std::size_t iv_octets = 8;
constexpr std::size_t nonce_size = salt_octets + iv_octets;
constexpr std::size_t longest_icv = 16;

// The library's calls for one size of key.
struct GcmCalls {
  aes_gcm_pre_t expand;
  aes_gcm_enc_dec_t seal;
  aes_gcm_enc_dec_t open;
  aes_gmac_init_t gmac_begin;
  aes_gmac_update_t gmac_take_in;
  aes_gmac_finalize_t gmac_end;
};

GcmCalls calls_for(const IMB_MGR& m, std::size_t key_octets) {
  if (key_octets == 16)
    return {m.gcm128_pre, m.gcm128_enc, m.gcm128_dec, m.gmac128_init, m.gmac128_update, m.gmac128_finalize};
  if (key_octets == 24)
    return {m.gcm192_pre, m.gcm192_enc, m.gcm192_dec, m.gmac192_init, m.gmac192_update, m.gmac192_finalize};
  return {m.gcm256_pre, m.gcm256_enc, m.gcm256_dec, m.gmac256_init, m.gmac256_update, m.gmac256_finalize};
}

class GcmKey {
 public:
  GcmKey(const IMB_MGR& manager, OctetView key) : calls_(calls_for(manager, key.size())) {
    calls_.expand(key.data(), &schedule_.value);
  }

  void seal(const AeadJob& job, std::uint8_t* icv, std::size_t icv_octets) noexcept {
    calls_.seal(&schedule_.value, &context_, job.text.data(), job.text.data(), job.text.size(), job.nonce,
                job.associated.data(), job.associated.size(), icv, icv_octets);
  }

  void open(const AeadJob& job, std::uint8_t* icv, std::size_t icv_octets) noexcept {
    calls_.open(&schedule_.value, &context_, job.text.data(), job.text.data(), job.text.size(), job.nonce,
                job.associated.data(), job.associated.size(), icv, icv_octets);
  }

  template <class... Parts>
  void gmac(const std::uint8_t* nonce, std::uint8_t* icv, const Parts&... parts) noexcept {
    calls_.gmac_begin(&schedule_.value, &context_, nonce, nonce_size);
    (take_in(parts), ...);
    calls_.gmac_end(&schedule_.value, &context_, icv, longest_icv);
  }

 private:
  void take_in(OctetView part) noexcept {
    if (!part.empty()) calls_.gmac_take_in(&schedule_.value, &context_, part.data(), part.size());
  }

  Keyed<gcm_key_data> schedule_;
  gcm_context_data context_{};
  GcmCalls calls_;
};

class Gcm final : public Aead {
 public:
  Gcm(const IMB_MGR& manager, OctetView key, std::uint8_t icv_octets)
      : key_(manager, key), icv_octets_(icv_octets) {}

  std::size_t nonce_octets() const noexcept override { return nonce_size; }
  std::size_t icv_octets() const noexcept override { return icv_octets_; }

  void seal(std::span<AeadJob> jobs) noexcept override {
    for (AeadJob& job : jobs)
      key_.seal(job, job.icv, icv_octets_);
  }

  void open(std::span<AeadJob> jobs) noexcept override {
    std::uint8_t expected[longest_icv];
    for (AeadJob& job : jobs) {
      key_.open(job, expected, icv_octets_);
      job.authentic = same_icv(expected, job.icv, icv_octets_);
    }
  }

  std::unique_ptr<Aead> clone() const override { return std::make_unique<Gcm>(*this); }

 private:
  GcmKey key_;
  std::size_t icv_octets_;
};

// ENCR_NULL_AUTH_AES_GMAC: the text passes clear, and everything is authenticated in packet order.
class GmacAead final : public Aead {
 public:
  GmacAead(const IMB_MGR& manager, OctetView key) : key_(manager, key) {}

  std::size_t nonce_octets() const noexcept override { return nonce_size; }
  std::size_t icv_octets() const noexcept override { return longest_icv; }

  void seal(std::span<AeadJob> jobs) noexcept override {
    for (AeadJob& job : jobs)
      compute(job, job.icv);
  }

  void open(std::span<AeadJob> jobs) noexcept override {
    std::uint8_t expected[longest_icv];
    for (AeadJob& job : jobs) {
      compute(job, expected);
      job.authentic = same_icv(expected, job.icv, longest_icv);
    }
  }

  std::unique_ptr<Aead> clone() const override { return std::make_unique<GmacAead>(*this); }

 private:
  //= rfc4543/3.5/aad-is-spi-sequence-number-and-payload-with-iv
  void compute(const AeadJob& job, std::uint8_t* icv) noexcept {
    key_.gmac(job.nonce, icv, job.associated, OctetView(job.nonce + salt_octets, iv_octets),
              OctetView(job.text));
  }

  GcmKey key_;
};

// AUTH_AES_*_GMAC, the integrity transforms of AH.
class Gmac final : public Mac {
 public:
  Gmac(const IMB_MGR& manager, OctetView key, OctetView salt) : key_(manager, key) {
    std::memcpy(salt_.value.data(), salt.data(), salt_octets);
  }

  std::size_t icv_octets() const noexcept override { return longest_icv; }
  std::size_t iv_octets() const noexcept override { return mb::iv_octets; }

  void sign(std::span<MacJob> jobs) noexcept override {
    for (MacJob& job : jobs)
      compute(job, job.icv);
  }

  void verify(std::span<MacJob> jobs) noexcept override {
    std::uint8_t expected[longest_icv];
    for (MacJob& job : jobs) {
      compute(job, expected);
      job.authentic = same_icv(expected, job.icv, longest_icv);
    }
  }

  std::unique_ptr<Mac> clone() const override { return std::make_unique<Gmac>(*this); }

 private:
  void compute(const MacJob& job, std::uint8_t* icv) noexcept {
    //= rfc4543/3.2/nonce-is-salt-then-iv
    std::uint8_t nonce[nonce_size];
    std::memcpy(nonce, salt_.value.data(), salt_octets);
    std::memcpy(nonce + salt_octets, job.iv, mb::iv_octets);
    key_.gmac(nonce, icv, job.text, job.trailer);
  }

  GcmKey key_;
  Keyed<std::array<std::uint8_t, salt_octets>> salt_;
};

}  // namespace

std::unique_ptr<Aead> make_gcm(const IMB_MGR& manager, OctetView key, const EncryptionTransform& transform) {
  return std::make_unique<Gcm>(manager, key, transform.icv_octets);
}

std::unique_ptr<Aead> make_gmac_aead(const IMB_MGR& manager, OctetView key) {
  return std::make_unique<GmacAead>(manager, key);
}

std::unique_ptr<Mac> make_gmac(const IMB_MGR& manager, OctetView key_and_salt,
                               const IntegrityTransform& transform) {
  return std::make_unique<Gmac>(manager, key_and_salt.first(transform.key_octets),
                                key_and_salt.subspan(transform.key_octets));
}

}  // namespace mpsec::crypto::mb
