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
  // Finds AH in the packet, compares its length with the SA's and its ICV with the right one.
  Discard verify(AhAuthenticator& authenticator, MutableOctets packet, std::uint64_t number,
                 AhPlace& place) noexcept;
};

}  // namespace mpsec::ipsec
