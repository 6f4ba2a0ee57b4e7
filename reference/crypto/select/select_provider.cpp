#include "crypto/select/select_provider.hpp"

#include <fmt/format.h>

#include "crypto/ipsec_mb/ipsec_mb_provider.hpp"
#include "crypto/open/open_provider.hpp"
#include "crypto/openssl/openssl_provider.hpp"

namespace mpsec::crypto {
namespace {

Error refused(std::string why) {
  return Error{.blame = Blame::local_fault,
               .path = "crypto provider",
               .offset = {},
               .why = std::move(why),
               .clause = ""};
}

// Takes each algorithm from the first provider if it has it, else from the second.
class BestProvider final : public Provider {
 public:
  BestProvider(std::unique_ptr<Provider> first, std::unique_ptr<Provider> second)
      : first_(std::move(first)), second_(std::move(second)) {}

  std::string_view name() const noexcept override { return "best"; }
  std::string description() const override {
    return fmt::format("{}; {} for what it lacks", first_->description(), second_->description());
  }

  bool supports(const EncryptionTransform& transform) const noexcept override {
    return of(transform).supports(transform);
  }
  bool supports(const IntegrityTransform& transform) const noexcept override {
    return of(transform).supports(transform);
  }

  Result<std::unique_ptr<Aead>> aead(const EncryptionTransform& transform, OctetView key) const override {
    return of(transform).aead(transform, key);
  }
  Result<std::unique_ptr<Cipher>> cipher(const EncryptionTransform& transform, OctetView key) const override {
    return of(transform).cipher(transform, key);
  }
  Result<std::unique_ptr<Mac>> mac(const IntegrityTransform& transform, OctetView key) const override {
    return of(transform).mac(transform, key);
  }

 private:
  template <class Transform>
  const Provider& of(const Transform& transform) const noexcept {
    return first_->supports(transform) ? *first_ : *second_;
  }

  std::unique_ptr<Provider> first_;
  std::unique_ptr<Provider> second_;
};

std::unique_ptr<Provider> make_best_provider() {
  auto fast = make_ipsec_mb_provider();
  if (!fast) return make_openssl_provider();
  return std::make_unique<BestProvider>(std::move(fast), make_openssl_provider());
}

}  // namespace

Result<std::unique_ptr<Provider>> select_provider(std::string_view name) {
  if (name == "best") return make_best_provider();
  if (name == "openssl") return make_openssl_provider();
  if (name == "open") return make_open_provider();
  if (name != "ipsec_mb")
    return std::unexpected(
        refused(fmt::format("expected one of best, openssl, ipsec_mb, open, found \"{}\"", name)));
  std::string why;
  auto fast = make_ipsec_mb_provider(Tier::best, &why);
  if (!fast) return std::unexpected(refused("ipsec_mb is not here: " + why));
  return fast;
}

std::vector<std::unique_ptr<Provider>> available_providers() {
  std::vector<std::unique_ptr<Provider>> providers;
  providers.push_back(make_openssl_provider());
  if (auto fast = make_ipsec_mb_provider()) providers.push_back(std::move(fast));
  return providers;
}

}  // namespace mpsec::crypto
