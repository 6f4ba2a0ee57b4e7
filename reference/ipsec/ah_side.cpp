#include "ipsec/ah_side.hpp"

namespace mpsec::ipsec {

Result<std::unique_ptr<AhSide>> AhSide::make(const crypto::Provider& provider,
                                             const SaParameters& parameters) {
  const auto transform = crypto::find(parameters.integrity);
  if (!transform) return std::unexpected(transform.error());
  auto mac = provider.mac(**transform, parameters.integrity_key.view());
  if (!mac) return std::unexpected(mac.error());
  auto side = std::make_unique<AhSide>();
  side->layout =
      AhLayout::of(**transform, parameters.extended_sequence_numbers, parameters.ah_ipv4_alignment);
  side->mac = *std::move(mac);
  return side;
}

}  // namespace mpsec::ipsec
