// A seam: SAs that serve one policy together (an SA cluster). Which of them a packet goes out by.
#pragma once

#include <cstdint>

#include "base/clock.hpp"
#include "ipsec/packet_selectors.hpp"

namespace mpsec::ipsec {

class OutboundSa;

class OutboundGroup {
 public:
  struct Choice {
    OutboundSa* sa = nullptr;   // nullptr: there is no SA that the packet may go by
    std::uint32_t packets = 0;  // that go by it in a row, as long as they are of the same flow
    // Sends a copy of each packet, with the same number (SA clusters whose ends both agreed to that).
    OutboundSa* copy = nullptr;
  };

  virtual ~OutboundGroup() = default;
  // Called with the selectors of the next packet of a flow, of which `wanted` may follow each other; an SA
  // that is given may be used, at least for the first of them.
  virtual Choice choose(const PacketSelectors& flow, std::uint32_t wanted, Instant now) noexcept = 0;
  // The largest clear packet that fits the path of every SA that may be used; 0: none does, or there is none.
  virtual std::uint32_t largest_packet() const noexcept = 0;
};

}  // namespace mpsec::ipsec
