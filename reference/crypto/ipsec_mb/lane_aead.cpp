// AES-CCM and ChaCha20-Poly1305 in the library's lanes.
#include <algorithm>
#include <cstring>

#include "crypto/ipsec_mb/lanes.hpp"
#include "crypto/openssl/openssl_provider.hpp"

namespace mpsec::crypto::mb {
namespace {

constexpr std::size_t ccm_associated_limit = 46;

struct AeadKeys {
  alignas(16) std::uint8_t encryption[16 * 15];  // ChaCha20: the key itself
  alignas(16) std::uint8_t decryption[16 * 15];
};

class LaneAead final : public Aead {
 public:
  LaneAead(Tier tier, OctetView key, const EncryptionTransform& transform)
      : tier_(tier), transform_(transform), key_(key) {
    const IMB_MGR* manager = workspace(tier).manager.get();
    AeadKeys& keys = keys_.value;
    if (!is_ccm())
      std::ranges::copy(key, keys.encryption);
    else if (key.size() == 16)
      IMB_AES_KEYEXP_128(manager, key.data(), keys.encryption, keys.decryption);
    else
      IMB_AES_KEYEXP_256(manager, key.data(), keys.encryption, keys.decryption);
  }

  std::size_t nonce_octets() const noexcept override { return transform_.salt_octets + transform_.iv_octets; }
  std::size_t icv_octets() const noexcept override { return transform_.icv_octets; }

  void seal(std::span<AeadJob> jobs) noexcept override {
    run(jobs, IMB_DIR_ENCRYPT,
        [](AeadJob& job, const std::uint8_t* icv, std::size_t octets) { std::memcpy(job.icv, icv, octets); });
  }

  void open(std::span<AeadJob> jobs) noexcept override {
    run(jobs, IMB_DIR_DECRYPT, [](AeadJob& job, const std::uint8_t* icv, std::size_t octets) {
      job.authentic = same_icv(icv, job.icv, octets);
    });
  }

  std::unique_ptr<Aead> clone() const override {
    return std::make_unique<LaneAead>(tier_, key_.view(), transform_);
  }

 private:
  bool is_ccm() const noexcept { return transform_.kind == CipherKind::ccm; }

  bool fits(const AeadJob& job) const noexcept {
    return job.text.size() <= lane_text_limit && (!is_ccm() || job.associated.size() <= ccm_associated_limit);
  }

  template <class Finish>
  void run(std::span<AeadJob> jobs, IMB_CIPHER_DIRECTION direction, Finish finish) noexcept {
    Workspace& work = workspace(tier_);
    for (; !jobs.empty(); jobs = jobs.subspan(std::min(chunk, jobs.size()))) {
      const std::span<AeadJob> now = jobs.first(std::min(chunk, jobs.size()));
      std::array<AeadJob*, chunk> in_lanes;
      std::size_t count = 0;
      for (AeadJob& job : now) {
        if (!fits(job)) {
          leave_to_libcrypto(job, direction);
          continue;
        }
        fill(work.jobs[count], job, direction, work.icvs[count].data());
        in_lanes[count++] = &job;
      }
      work.run_jobs(count);
      for (std::size_t i = 0; i < count; ++i)
        finish(*in_lanes[i], work.icvs[i].data(), transform_.icv_octets);
    }
  }

  void fill(IMB_JOB& lane, const AeadJob& job, IMB_CIPHER_DIRECTION direction,
            std::uint8_t* icv) const noexcept {
    lane.cipher_mode = is_ccm() ? IMB_CIPHER_CCM : IMB_CIPHER_CHACHA20_POLY1305;
    lane.hash_alg = is_ccm() ? IMB_AUTH_AES_CCM : IMB_AUTH_CHACHA20_POLY1305;
    lane.cipher_direction = direction;
    // CCM authenticates the plaintext, ChaCha20-Poly1305 the ciphertext.
    const bool cipher_first = is_ccm() == (direction == IMB_DIR_DECRYPT);
    lane.chain_order = cipher_first ? IMB_ORDER_CIPHER_HASH : IMB_ORDER_HASH_CIPHER;
    lane.enc_keys = keys_.value.encryption;
    lane.dec_keys = is_ccm() ? keys_.value.decryption : keys_.value.encryption;
    lane.key_len_in_bytes = key_.size();
    lane.src = job.text.data();
    lane.dst = job.text.data();
    lane.cipher_start_src_offset_in_bytes = 0;
    lane.hash_start_src_offset_in_bytes = 0;
    lane.msg_len_to_cipher_in_bytes = job.text.size();
    lane.msg_len_to_hash_in_bytes = job.text.size();
    lane.iv = job.nonce;
    lane.iv_len_in_bytes = nonce_octets();
    lane.auth_tag_output = icv;
    lane.auth_tag_output_len_in_bytes = transform_.icv_octets;
    if (is_ccm())
      lane.u.CCM = {job.associated.data(), job.associated.size()};
    else
      lane.u.CHACHA20_POLY1305 = {job.associated.data(), job.associated.size(), nullptr};
  }

  void leave_to_libcrypto(AeadJob& job, IMB_CIPHER_DIRECTION direction) noexcept {
    if (!spare_) spare_ = make_openssl_provider()->aead(transform_, key_.view()).value();
    if (direction == IMB_DIR_ENCRYPT)
      spare_->seal({&job, 1});
    else
      spare_->open({&job, 1});
  }

  Tier tier_;
  EncryptionTransform transform_;
  Keyed<AeadKeys> keys_;
  SecretOctets key_;
  std::unique_ptr<Aead> spare_;
};

}  // namespace

std::unique_ptr<Aead> make_lane_aead(Tier tier, OctetView key, const EncryptionTransform& transform) {
  const bool lacking = transform.kind == CipherKind::ccm && key.size() == 24;
  if (lacking) return make_openssl_provider()->aead(transform, key).value();
  return std::make_unique<LaneAead>(tier, key, transform);
}

}  // namespace mpsec::crypto::mb
