// AES-CBC and AES-CTR in the library's lanes: CBC encryption, which cannot run ahead within one text, runs
// many texts side by side.
#include <algorithm>

#include "crypto/ipsec_mb/lanes.hpp"
#include "crypto/openssl/openssl_provider.hpp"

namespace mpsec::crypto::mb {
namespace {

struct CipherKeys {
  alignas(16) std::uint8_t encryption[16 * 15];
  alignas(16) std::uint8_t decryption[16 * 15];
};

class LaneCipher final : public Cipher {
 public:
  LaneCipher(Tier tier, OctetView key, const EncryptionTransform& transform)
      : tier_(tier), transform_(transform), key_(key) {
    const IMB_MGR* manager = workspace(tier).manager.get();
    CipherKeys& keys = keys_.value;
    if (key.size() == 16)
      IMB_AES_KEYEXP_128(manager, key.data(), keys.encryption, keys.decryption);
    else if (key.size() == 24)
      IMB_AES_KEYEXP_192(manager, key.data(), keys.encryption, keys.decryption);
    else
      IMB_AES_KEYEXP_256(manager, key.data(), keys.encryption, keys.decryption);
  }

  std::size_t iv_octets() const noexcept override { return transform_.salt_octets + transform_.iv_octets; }

  void encrypt(std::span<CipherJob> jobs) noexcept override { run(jobs, IMB_DIR_ENCRYPT); }
  void decrypt(std::span<CipherJob> jobs) noexcept override { run(jobs, IMB_DIR_DECRYPT); }

  std::unique_ptr<Cipher> clone() const override {
    return std::make_unique<LaneCipher>(tier_, key_.view(), transform_);
  }

 private:
  bool is_ctr() const noexcept { return transform_.kind == CipherKind::ctr; }

  void run(std::span<CipherJob> jobs, IMB_CIPHER_DIRECTION direction) noexcept {
    // A counter mode has one direction.
    if (is_ctr()) direction = IMB_DIR_ENCRYPT;
    const IMB_CIPHER_MODE mode = is_ctr() ? IMB_CIPHER_CNTR : IMB_CIPHER_CBC;
    Workspace& work = workspace(tier_);
    for (; !jobs.empty(); jobs = jobs.subspan(std::min(chunk, jobs.size()))) {
      std::size_t count = 0;
      for (CipherJob& job : jobs.first(std::min(chunk, jobs.size()))) {
        if (job.text.empty()) continue;
        if (job.text.size() > lane_text_limit)
          leave_to_libcrypto(job, direction);
        else
          fill(work.jobs[count++], job, mode, direction);
      }
      if (count == 0) continue;
      const std::uint32_t done = IMB_SUBMIT_CIPHER_BURST_NOCHECK(
          work.manager.get(), work.jobs.data(), static_cast<std::uint32_t>(count), mode, direction,
          static_cast<IMB_KEY_SIZE_BYTES>(key_.size()));
      must(done == count, "a burst of ciphers");
    }
  }

  void fill(IMB_JOB& lane, const CipherJob& job, IMB_CIPHER_MODE mode,
            IMB_CIPHER_DIRECTION direction) const noexcept {
    lane.cipher_mode = mode;
    lane.cipher_direction = direction;
    lane.enc_keys = keys_.value.encryption;
    lane.dec_keys = keys_.value.decryption;
    lane.key_len_in_bytes = key_.size();
    lane.src = job.text.data();
    lane.dst = job.text.data();
    lane.cipher_start_src_offset_in_bytes = 0;
    lane.msg_len_to_cipher_in_bytes = job.text.size();
    lane.iv = job.iv;
    lane.iv_len_in_bytes = iv_octets();  // 12 of a CTR: the library itself counts blocks from one
  }

  void leave_to_libcrypto(CipherJob& job, IMB_CIPHER_DIRECTION direction) noexcept {
    if (!spare_) spare_ = make_openssl_provider()->cipher(transform_, key_.view()).value();
    if (direction == IMB_DIR_ENCRYPT)
      spare_->encrypt({&job, 1});
    else
      spare_->decrypt({&job, 1});
  }

  Tier tier_;
  EncryptionTransform transform_;
  Keyed<CipherKeys> keys_;
  SecretOctets key_;
  std::unique_ptr<Cipher> spare_;
};

class NullCipher final : public Cipher {
 public:
  std::size_t iv_octets() const noexcept override { return 0; }
  void encrypt(std::span<CipherJob>) noexcept override {}
  void decrypt(std::span<CipherJob>) noexcept override {}
  std::unique_ptr<Cipher> clone() const override { return std::make_unique<NullCipher>(); }
};

}  // namespace

std::unique_ptr<Cipher> make_lane_cipher(Tier tier, OctetView key, const EncryptionTransform& transform) {
  if (transform.kind == CipherKind::null) return std::make_unique<NullCipher>();
  return std::make_unique<LaneCipher>(tier, key, transform);
}

}  // namespace mpsec::crypto::mb
