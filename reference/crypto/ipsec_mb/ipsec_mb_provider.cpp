#include "crypto/ipsec_mb/ipsec_mb_provider.hpp"

namespace mpsec::crypto {

std::unique_ptr<Provider> make_ipsec_mb_provider(Tier, std::string* why) {
  if (why != nullptr) *why = "not built in yet";
  return nullptr;
}

}  // namespace mpsec::crypto
