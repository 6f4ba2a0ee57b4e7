// HMAC, AES-XCBC-96 and AES-CMAC-96 in the library's lanes.
//
// The lanes want one run of octets, but a trailer (the high half of an ESN) stands apart from its text. Where
// the ICV follows the text at once, as in ESP, the trailer is written over the ICV's place for the time of
// the computation; elsewhere, as in AH, text and trailer are copied together.
#include <algorithm>
#include <cstring>

#include "crypto/ipsec_mb/lanes.hpp"
#include "crypto/openssl/openssl_provider.hpp"

namespace mpsec::crypto::mb {
namespace {

// What the lanes want to know of a key: HMAC's two states after the padded key, or a block cipher's subkeys.
struct MacKeys {
  alignas(64) std::uint8_t inner[64];
  alignas(64) std::uint8_t outer[64];
  alignas(64) std::uint8_t expanded[16 * 15];
  alignas(16) std::uint8_t first[16];
  alignas(16) std::uint8_t second[16];
};

using OneBlock = void (*)(const void*, void*);

struct HashLane {
  IntegrityId id;
  IMB_HASH_ALG algorithm;
  bool burst;                         // the burst call knows it; else job by job
  std::size_t block_octets;           // of an HMAC's hash; 0 for the block ciphers
  hash_one_block_t IMB_MGR::* state;  // the hash's state after one block
};

constexpr HashLane hash_lanes[] = {
    {IntegrityId::hmac_md5_96, IMB_AUTH_MD5, false, 64, &IMB_MGR::md5_one_block},
    {IntegrityId::hmac_md5_128, IMB_AUTH_MD5, false, 64, &IMB_MGR::md5_one_block},
    {IntegrityId::hmac_sha1_96, IMB_AUTH_HMAC_SHA_1, true, 64, &IMB_MGR::sha1_one_block},
    {IntegrityId::hmac_sha1_160, IMB_AUTH_HMAC_SHA_1, true, 64, &IMB_MGR::sha1_one_block},
    {IntegrityId::hmac_sha2_256_128, IMB_AUTH_HMAC_SHA_256, true, 64, &IMB_MGR::sha256_one_block},
    {IntegrityId::hmac_sha2_384_192, IMB_AUTH_HMAC_SHA_384, true, 128, &IMB_MGR::sha384_one_block},
    {IntegrityId::hmac_sha2_512_256, IMB_AUTH_HMAC_SHA_512, true, 128, &IMB_MGR::sha512_one_block},
    {IntegrityId::aes_xcbc_96, IMB_AUTH_AES_XCBC, false, 0, nullptr},
    {IntegrityId::aes_cmac_96, IMB_AUTH_AES_CMAC, false, 0, nullptr},
};

const HashLane& lane_of(IntegrityId id) {
  return *std::ranges::find(hash_lanes, id, &HashLane::id);
}

void absorb_key(hash_one_block_t one_block, std::size_t block_octets, OctetView key, std::uint8_t pad,
                std::uint8_t* state) {
  Keyed<std::array<std::uint8_t, 128>> block;
  std::ranges::copy(key, block.value.begin());
  for (std::size_t i = 0; i < block_octets; ++i)
    block.value[i] ^= pad;
  one_block(block.value.data(), state);
}

class LaneMac final : public Mac {
 public:
  LaneMac(Tier tier, OctetView key, const IntegrityTransform& transform)
      : tier_(tier), transform_(transform), lane_(lane_of(transform.id)), key_(key) {
    const IMB_MGR* manager = workspace(tier).manager.get();
    MacKeys& keys = keys_.value;
    if (lane_.block_octets != 0) {
      absorb_key(manager->*lane_.state, lane_.block_octets, key, 0x36, keys.inner);
      absorb_key(manager->*lane_.state, lane_.block_octets, key, 0x5c, keys.outer);
    } else if (lane_.algorithm == IMB_AUTH_AES_XCBC) {
      IMB_AES_XCBC_KEYEXP(manager, key.data(), keys.expanded, keys.first, keys.second);
    } else {
      Keyed<std::array<std::uint8_t, 16 * 15>> decryption;
      IMB_AES_KEYEXP_128(manager, key.data(), keys.expanded, decryption.value.data());
      IMB_AES_CMAC_SUBKEY_GEN_128(manager, keys.expanded, keys.first, keys.second);
    }
  }

  std::size_t icv_octets() const noexcept override { return transform_.icv_octets; }

  void sign(std::span<MacJob> jobs) noexcept override {
    const std::size_t octets = icv_octets();
    run(jobs, [octets](Workspace& work, MacJob& job, std::size_t i) {
      std::memcpy(job.icv, work.icvs[i].data(), octets);
    });
  }

  void verify(std::span<MacJob> jobs) noexcept override {
    const std::size_t octets = icv_octets();
    run(jobs, [octets](Workspace& work, MacJob& job, std::size_t i) {
      job.authentic =
          equal_in_constant_time({work.icvs[i].data(), octets}, {work.received[i].data(), octets});
      if (adjoins(job)) std::memcpy(job.icv, work.received[i].data(), octets);
    });
  }

  std::unique_ptr<Mac> clone() const override {
    return std::make_unique<LaneMac>(tier_, key_.view(), transform_);
  }

 private:
  static bool adjoins(const MacJob& job) noexcept { return job.icv == job.text.data() + job.text.size(); }
  static bool fits(const MacJob& job) noexcept {
    const std::size_t octets = job.text.size() + job.trailer.size();
    return octets != 0 && octets <= lane_text_limit;
  }
  static bool needs_copy(const MacJob& job) noexcept { return !job.trailer.empty() && !adjoins(job); }

  // Calls finish(work, job, i) for every job, with its check value in work.icvs[i] and the ICV found in
  // work.received[i].
  template <class Finish>
  void run(std::span<MacJob> jobs, Finish finish) noexcept {
    Workspace& work = workspace(tier_);
    for (; !jobs.empty(); jobs = jobs.subspan(std::min(chunk, jobs.size()))) {
      const std::span<MacJob> now = jobs.first(std::min(chunk, jobs.size()));
      make_room(work, now);
      std::size_t in_lanes = 0;
      std::size_t copied = 0;
      for (std::size_t i = 0; i < now.size(); ++i) {
        std::memcpy(work.received[i].data(), now[i].icv, icv_octets());
        if (fits(now[i]))
          fill(work.jobs[in_lanes++], contiguous(work, now[i], copied), work.icvs[i].data());
        else
          leave_to_libcrypto(now[i], work.icvs[i].data());
      }
      compute(work, in_lanes);
      for (std::size_t i = 0; i < now.size(); ++i)
        finish(work, now[i], i);
    }
  }

  static void make_room(Workspace& work, std::span<const MacJob> jobs) noexcept {
    std::size_t octets = 0;
    for (const MacJob& job : jobs)
      if (fits(job) && needs_copy(job)) octets += job.text.size() + job.trailer.size();
    if (octets > work.copies.size()) work.copies.resize(octets);
  }

  // Text and trailer as one run of octets; `copied` counts what stands in the copies already.
  static OctetView contiguous(Workspace& work, const MacJob& job, std::size_t& copied) noexcept {
    if (job.trailer.empty()) return job.text;
    const std::size_t octets = job.text.size() + job.trailer.size();
    if (adjoins(job)) {
      std::memcpy(job.icv, job.trailer.data(), job.trailer.size());
      return {job.text.data(), octets};
    }
    std::uint8_t* copy = work.copies.data() + copied;
    copied += octets;
    if (!job.text.empty()) std::memcpy(copy, job.text.data(), job.text.size());
    std::memcpy(copy + job.text.size(), job.trailer.data(), job.trailer.size());
    return {copy, octets};
  }

  void fill(IMB_JOB& lane, OctetView octets, std::uint8_t* icv) const noexcept {
    static constexpr std::uint8_t nothing = 0;
    lane.cipher_mode = IMB_CIPHER_NULL;
    lane.cipher_direction = IMB_DIR_ENCRYPT;
    lane.chain_order = IMB_ORDER_HASH_CIPHER;
    lane.hash_alg = lane_.algorithm;
    lane.src = octets.empty() ? &nothing : octets.data();
    lane.hash_start_src_offset_in_bytes = 0;
    lane.msg_len_to_hash_in_bytes = octets.size();
    lane.msg_len_to_cipher_in_bytes = 0;
    lane.auth_tag_output = icv;
    lane.auth_tag_output_len_in_bytes = transform_.icv_octets;
    const MacKeys& keys = keys_.value;
    if (lane_.block_octets != 0)
      lane.u.HMAC = {keys.inner, keys.outer};
    else if (lane_.algorithm == IMB_AUTH_AES_XCBC)
      lane.u.XCBC = {reinterpret_cast<const std::uint32_t*>(keys.expanded), keys.first, keys.second};
    else
      lane.u.CMAC = {keys.expanded, keys.first, keys.second};
  }

  void compute(Workspace& work, std::size_t count) noexcept {
    if (count == 0) return;
    if (!lane_.burst) return work.run_jobs(count);
    const std::uint32_t done = IMB_SUBMIT_HASH_BURST_NOCHECK(
        work.manager.get(), work.jobs.data(), static_cast<std::uint32_t>(count), lane_.algorithm);
    must(done == count, "a burst of hashes");
  }

  void leave_to_libcrypto(const MacJob& job, std::uint8_t* icv) noexcept {
    if (!spare_) spare_ = make_openssl_provider()->mac(transform_, key_.view()).value();
    MacJob apart{.text = job.text, .trailer = job.trailer, .icv = icv, .iv = job.iv};
    spare_->sign({&apart, 1});
  }

  Tier tier_;
  IntegrityTransform transform_;
  HashLane lane_;
  Keyed<MacKeys> keys_;
  SecretOctets key_;
  std::unique_ptr<Mac> spare_;
};

}  // namespace

std::unique_ptr<Mac> make_lane_mac(Tier tier, OctetView key, const IntegrityTransform& transform) {
  return std::make_unique<LaneMac>(tier, key, transform);
}

}  // namespace mpsec::crypto::mb
