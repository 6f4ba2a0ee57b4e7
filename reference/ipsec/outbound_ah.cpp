// The AH side of OutboundSa (RFC 4302).
#include "ipsec/ah_side.hpp"
#include "ipsec/outbound_frame.hpp"
#include "ipsec/outbound_sa.hpp"
#include "ipsec/packet_tap.hpp"

namespace mpsec::ipsec {

Result<> OutboundSa::make_ah(const crypto::Provider& provider) {
  auto side = AhSide::make(provider, *parameters_);
  if (!side) return std::unexpected(side.error());
  ah_ = *std::move(side);
  head_octets_ = ah_->layout.header_octets(parameters_->source.version());
  return {};
}

//= rfc4302/3.3.3/icv-over-immutable-and-predictable-fields
void OutboundSa::seal_ah(Batch& batch, std::span<Outgoing> run, const OutboundSeams& seams) noexcept {
  std::array<AhJob, largest_run> jobs;
  std::size_t count = 0;
  for (const Frame& frame : batch.frames) {
    Outgoing& outgoing = run[frame.index];
    if (frame.ip_octets == 0) {
      outgoing.packet.prepend(outer_.size());
      outer_.store(outgoing.packet.data(), frame.inner, outgoing.packet.size(),
                   static_cast<std::uint16_t>(outgoing.number), frame.next_header);
    }
    const auto place = ah_encapsulate(outgoing.packet, ah_->layout, parameters_->spi, outgoing.number);
    if (!place) {
      outgoing.discard = place.error();
      continue;
    }
    if (seams.tap) seams.tap->before_sealing(outgoing.packet, {});
    jobs[count++] = {.packet = outgoing.packet.writable(), .place = *place, .number = outgoing.number};
  }
  seams.ah.sign(*ah_->mac, ah_->layout, std::span(jobs).first(count));
  std::size_t next = 0;
  for (const Frame& frame : batch.frames) {
    if (run[frame.index].discard == Discard::none) run[frame.index].discard = jobs[next++].discard;
  }
}

}  // namespace mpsec::ipsec
