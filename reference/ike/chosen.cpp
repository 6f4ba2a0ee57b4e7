#include "ike/chosen.hpp"

#include <algorithm>

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

bool allows(std::span<const IkeProposal> proposals, const ChosenSuite& chosen) {
  const auto has = [](const auto& list, const auto& wanted) {
    return std::ranges::find(list, wanted) != list.end();
  };
  return std::ranges::any_of(proposals, [&](const IkeProposal& proposal) {
    const bool integrity =
        chosen.integrity == crypto::IntegrityId::none || has(proposal.integrity, chosen.integrity);
    return chosen.encryption && chosen.prf && has(proposal.encryption, *chosen.encryption) &&
           has(proposal.prf, *chosen.prf) && has(proposal.key_exchange, chosen.key_exchange) && integrity;
  });
}

}  // namespace mpsec::ike
