// Built in place of everything else in this folder where intel-ipsec-mb is not there.
#include "crypto/ipsec_mb/ipsec_mb_provider.hpp"

namespace mpsec::crypto {

std::string_view to_string(Tier) {
  return "absent";
}

std::unique_ptr<Provider> make_ipsec_mb_provider(Tier, std::string* why) {
  if (why != nullptr) *why = "mpsec was built without intel-ipsec-mb, which exists for x86-64 only";
  return nullptr;
}

}  // namespace mpsec::crypto
