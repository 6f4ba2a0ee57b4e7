// What an SA has of AH, in either direction: the form of its headers and the keyed algorithm.
#pragma once

#include <memory>

#include "ipsec/ah_authenticator.hpp"
#include "ipsec/sa.hpp"

namespace mpsec::ipsec {

struct AhSide {
  AhLayout layout;
  std::unique_ptr<crypto::Mac> mac;

  // Parameters that check() has passed. Fails where the provider lacks the algorithm.
  static Result<std::unique_ptr<AhSide>> make(const crypto::Provider& provider,
                                              const SaParameters& parameters);
};

}  // namespace mpsec::ipsec
