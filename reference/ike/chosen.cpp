#include "ike/chosen.hpp"

namespace mpsec::ike {
namespace {

ProtectionChoice choice_of(const ChosenSuite& chosen) {
  ProtectionChoice choice;
  if (chosen.encryption) {
    choice.encryption = chosen.encryption->id;
    choice.key_bits = chosen.encryption->key_bits;
  }
  if (chosen.integrity != crypto::IntegrityId::none) choice.integrity = chosen.integrity;
  return choice;
}

}  // namespace

Result<Suite> suite_of(const ChosenSuite& chosen) {
  return ike_suite({choice_of(chosen), chosen.prf.value_or(crypto::PrfId{}), chosen.key_exchange});
}

Result<Protection> protection_of(const ChosenSuite& chosen) {
  return chosen.protocol == wire::ike::ProtocolId::ah ? ah_protection(choice_of(chosen))
                                                      : esp_protection(choice_of(chosen));
}

}  // namespace mpsec::ike
