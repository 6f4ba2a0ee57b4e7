#include "crypto/select/select_provider.hpp"

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

}  // namespace

Result<std::unique_ptr<Provider>> select_provider(std::string_view name) {
  if (name == "openssl" || name == "best") return make_openssl_provider();
  if (name == "ipsec_mb") {
    std::string why;
    if (auto provider = make_ipsec_mb_provider(Tier::best, &why)) return provider;
    return std::unexpected(refused("ipsec_mb is not here: " + why));
  }
  if (name == "open") return make_open_provider();
  return std::unexpected(
      refused("expected one of openssl, ipsec_mb, open, best, found \"" + std::string(name) + "\""));
}

std::vector<std::unique_ptr<Provider>> available_providers() {
  std::vector<std::unique_ptr<Provider>> providers;
  providers.push_back(make_openssl_provider());
  if (auto fast = make_ipsec_mb_provider()) providers.push_back(std::move(fast));
  return providers;
}

}  // namespace mpsec::crypto
