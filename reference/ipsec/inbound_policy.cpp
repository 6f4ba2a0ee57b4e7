#include "ipsec/inbound_policy.hpp"

#include "wire/protocol.hpp"

namespace mpsec::ipsec {
namespace {

//= rfc4303/2.4/receiver-should-inspect-padding
bool counts_up(OctetView padding) {
  for (std::size_t i = 0; i < padding.size(); ++i) {
    if (padding[i] != static_cast<std::uint8_t>(i + 1)) return false;
  }
  return true;
}

Discard judge(const InboundPolicy::Trailer& trailer) {
  //= rfc4303/2.6/dummy-packets-are-dropped-without-prejudice
  if (trailer.next_header == wire::protocol::no_next_header) return Discard::dummy;
  if (!counts_up(trailer.padding)) return Discard::bad_padding;
  const bool ip_inside =
      trailer.next_header == wire::protocol::ipv4 || trailer.next_header == wire::protocol::ipv6;
  return trailer.mode == Mode::tunnel && !ip_inside ? Discard::bad_next_header : Discard::none;
}

}  // namespace

void StandardInboundPolicy::judge_trailers(std::span<const Trailer> trailers,
                                           std::span<Discard> verdicts) noexcept {
  for (std::size_t i = 0; i < trailers.size(); ++i)
    verdicts[i] = judge(trailers[i]);
}

//= rfc4301/5.2/inner-packet-must-match-the-selectors-of-its-sa
void StandardInboundPolicy::judge_selectors(const SelectorMatcher& matcher,
                                            std::span<const PacketSelectors> packets,
                                            std::span<Discard> verdicts) noexcept {
  for (std::size_t i = 0; i < packets.size(); ++i)
    verdicts[i] = matcher.matches(packets[i]) ? Discard::none : Discard::selector_mismatch;
}

}  // namespace mpsec::ipsec
