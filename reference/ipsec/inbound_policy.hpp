// A seam: what is let through of that which was opened and is no replay.
#pragma once

#include <span>

#include "ipsec/discard.hpp"
#include "ipsec/sa.hpp"
#include "ipsec/selector_box.hpp"

namespace mpsec::ipsec {

class InboundPolicy {
 public:
  struct Trailer {
    OctetView padding;  // without the pad length octet; empty for AH
    std::uint8_t next_header = 0;
    Mode mode = Mode::tunnel;
  };

  virtual ~InboundPolicy() = default;
  // Judges what stands behind the payload; Discard::none lets a packet go on. `verdicts` is as long as
  // `trailers`.
  virtual void judge_trailers(std::span<const Trailer> trailers, std::span<Discard> verdicts) noexcept = 0;
  // Judges the decapsulated packets against what the SA is for.
  virtual void judge_selectors(const SelectorMatcher& matcher, std::span<const PacketSelectors> packets,
                               std::span<Discard> verdicts) noexcept = 0;
};

class StandardInboundPolicy final : public InboundPolicy {
 public:
  void judge_trailers(std::span<const Trailer> trailers, std::span<Discard> verdicts) noexcept override;
  void judge_selectors(const SelectorMatcher& matcher, std::span<const PacketSelectors> packets,
                       std::span<Discard> verdicts) noexcept override;
};

}  // namespace mpsec::ipsec
