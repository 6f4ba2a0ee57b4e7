// depends: base crypto_ipsec_mb
#include "support/crypto_floor_ipsec_mb.hpp"

#ifdef MPSEC_HAS_IPSEC_MB
#include <algorithm>
#include <array>
#include <intel-ipsec-mb.h>

namespace mpsec::bench {
namespace {

struct ReleaseManager {
  void operator()(IMB_MGR* manager) const noexcept { free_mb_mgr(manager); }
};
using Manager = std::unique_ptr<IMB_MGR, ReleaseManager>;

Manager make_manager(crypto::Tier tier) {
  Manager manager(alloc_mb_mgr(0));
  if (tier == crypto::Tier::best)
    init_mb_mgr_auto(manager.get(), nullptr);
  else if (tier == crypto::Tier::sse)
    init_mb_mgr_sse(manager.get());
  else if (tier == crypto::Tier::avx2)
    init_mb_mgr_avx2(manager.get());
  else
    init_mb_mgr_avx512(manager.get());
  return manager;
}

class GcmFloor final : public Floor {
 public:
  GcmFloor(Manager manager, OctetView key) : manager_(std::move(manager)) {
    const bool short_key = key.size() == 16;
    seal_ = short_key ? manager_->gcm128_enc : manager_->gcm256_enc;
    open_ = short_key ? manager_->gcm128_dec : manager_->gcm256_dec;
    (short_key ? manager_->gcm128_pre : manager_->gcm256_pre)(key.data(), &key_);
  }

  void seal(std::span<const FloorPacket> packets) noexcept override {
    for (const FloorPacket& packet : packets)
      seal_(&key_, &context_, packet.text.data(), packet.text.data(), packet.text.size(), packet.nonce,
            packet.associated.data(), packet.associated.size(), packet.icv, 16);
  }

  bool open(std::span<const FloorPacket> packets) noexcept override {
    for (const FloorPacket& packet : packets)
      open_(&key_, &context_, packet.text.data(), packet.text.data(), packet.text.size(), packet.nonce,
            packet.associated.data(), packet.associated.size(), packet.icv, 16);
    return true;
  }

 private:
  Manager manager_;
  aes_gcm_enc_dec_t seal_;
  aes_gcm_enc_dec_t open_;
  gcm_key_data key_{};
  gcm_context_data context_{};
};

class ChaChaFloor final : public Floor {
 public:
  ChaChaFloor(Manager manager, OctetView key) : manager_(std::move(manager)) {
    std::ranges::copy(key, key_.begin());
  }

  void seal(std::span<const FloorPacket> packets) noexcept override {
    for (const FloorPacket& packet : packets) {
      IMB_CHACHA20_POLY1305_INIT(manager_, key_.data(), &context_, packet.nonce, packet.associated.data(),
                                 packet.associated.size());
      IMB_CHACHA20_POLY1305_ENC_UPDATE(manager_, key_.data(), &context_, packet.text.data(),
                                       packet.text.data(), packet.text.size());
      IMB_CHACHA20_POLY1305_ENC_FINALIZE(manager_, &context_, packet.icv, 16);
    }
  }

  bool open(std::span<const FloorPacket> packets) noexcept override {
    for (const FloorPacket& packet : packets) {
      IMB_CHACHA20_POLY1305_INIT(manager_, key_.data(), &context_, packet.nonce, packet.associated.data(),
                                 packet.associated.size());
      IMB_CHACHA20_POLY1305_DEC_UPDATE(manager_, key_.data(), &context_, packet.text.data(),
                                       packet.text.data(), packet.text.size());
      IMB_CHACHA20_POLY1305_DEC_FINALIZE(manager_, &context_, packet.icv, 16);
    }
    return true;
  }

 private:
  Manager manager_;
  std::array<std::uint8_t, 32> key_{};
  chacha20_poly1305_context_data context_{};
};

}  // namespace

std::unique_ptr<Floor> make_ipsec_mb_floor(crypto::Tier tier, FloorAlgorithm algorithm, OctetView key) {
  if (!crypto::make_ipsec_mb_provider(tier)) return nullptr;
  if (algorithm == FloorAlgorithm::chacha20_poly1305)
    return std::make_unique<ChaChaFloor>(make_manager(tier), key);
  return std::make_unique<GcmFloor>(make_manager(tier), key);
}

}  // namespace mpsec::bench

#else

namespace mpsec::bench {

std::unique_ptr<Floor> make_ipsec_mb_floor(crypto::Tier, FloorAlgorithm, OctetView) {
  return nullptr;
}

}  // namespace mpsec::bench

#endif
