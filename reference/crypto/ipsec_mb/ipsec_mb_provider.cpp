#include "crypto/ipsec_mb/ipsec_mb_provider.hpp"

#include <fmt/format.h>

#include "crypto/ipsec_mb/lanes.hpp"

namespace mpsec::crypto {
namespace {

class IpsecMbProvider final : public Provider {
 public:
  IpsecMbProvider(Tier tier, mb::Manager manager) : tier_(tier), manager_(std::move(manager)) {}

  std::string_view name() const noexcept override { return "ipsec_mb"; }

  std::string description() const override {
    return fmt::format("intel-ipsec-mb {}, {}", imb_get_version_str(), instructions());
  }

  bool supports(const EncryptionTransform& transform) const noexcept override {
    return transform.kind != CipherKind::unsupported && transform.id != EncryptionId::triple_des;
  }
  bool supports(const IntegrityTransform& transform) const noexcept override { return transform.supported; }

  Result<std::unique_ptr<Aead>> aead(const EncryptionTransform& transform, OctetView key) const override {
    if (Result<> checked = check_aead(transform, key); !checked) return std::unexpected(checked.error());
    if (transform.kind == CipherKind::gcm) return mb::make_gcm(*manager_, key, transform);
    if (transform.kind == CipherKind::gmac) return mb::make_gmac_aead(*manager_, key);
    return mb::make_lane_aead(tier_, key, transform);
  }

  Result<std::unique_ptr<Cipher>> cipher(const EncryptionTransform& transform, OctetView key) const override {
    if (Result<> checked = check_cipher(transform, key); !checked) return std::unexpected(checked.error());
    if (!supports(transform)) return std::unexpected(not_supported(transform.name, name()));
    return mb::make_lane_cipher(tier_, key, transform);
  }

  Result<std::unique_ptr<Mac>> mac(const IntegrityTransform& transform, OctetView key) const override {
    if (Result<> checked = check_mac(transform, key); !checked) return std::unexpected(checked.error());
    if (transform.salt_octets != 0) return mb::make_gmac(*manager_, key, transform);
    return mb::make_lane_mac(tier_, key, transform);
  }

 private:
  std::string_view instructions() const {
    if (tier_ == Tier::sse) return "SSE with AES-NI";
    if (tier_ == Tier::avx2) return "AVX2 with AES-NI";
    constexpr std::uint64_t vector_aes = IMB_FEATURE_VAES | IMB_FEATURE_VPCLMULQDQ;
    return (manager_->features & vector_aes) == vector_aes ? "AVX-512 with VAES"
                                                           : "AVX-512 with AES-NI (no VAES here)";
  }

  Tier tier_;
  mb::Manager manager_;  // its table of calls; the lanes that work are the threads' own
};

}  // namespace

std::string_view to_string(Tier tier) {
  switch (tier) {
    case Tier::best:
      return "best";
    case Tier::sse:
      return "sse";
    case Tier::avx2:
      return "avx2";
    case Tier::avx512:
      return "avx512";
  }
  return "unknown";
}

std::unique_ptr<Provider> make_ipsec_mb_provider(Tier tier, std::string* why) {
  if (tier == Tier::best) tier = mb::best_tier();
  mb::Manager manager = mb::make_manager(tier, why);
  if (!manager) return nullptr;
  return std::make_unique<IpsecMbProvider>(tier, std::move(manager));
}

}  // namespace mpsec::crypto
