#include "ipsec/ah_side.hpp"

namespace mpsec::ipsec {

Result<std::unique_ptr<AhSide>> AhSide::make(const crypto::Provider& provider,
                                             const SaParameters& parameters) {
  const auto transform = crypto::find(parameters.integrity);
  if (!transform) return std::unexpected(transform.error());
  auto mac = provider.mac(**transform, parameters.integrity_key.view());
  if (!mac) return std::unexpected(mac.error());
  auto side = std::make_unique<AhSide>();
  side->layout = AhLayout::of(**transform, parameters.extended_sequence_numbers);
  side->mac = *std::move(mac);
  return side;
}

Discard AhSide::verify(AhAuthenticator& authenticator, MutableOctets packet, std::uint64_t number,
                       AhPlace& place) noexcept {
  const auto located = ah_locate(packet);
  if (!located) return located.error();
  place = *located;
  if (const Discard cause = ah_check_length(packet, place, layout); cause != Discard::none) return cause;
  AhJob job{.packet = packet, .place = place, .number = number};
  authenticator.verify(*mac, layout, {&job, 1});
  return job.discard;
}

}  // namespace mpsec::ipsec
