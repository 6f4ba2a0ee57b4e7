// How a packet on its way out will be laid out. For the files of OutboundSa only.
#pragma once

#include "base/scratch.hpp"
#include "ipsec/outbound_sa.hpp"
#include "wire/protocol.hpp"

namespace mpsec::ipsec {

struct OutboundSa::Frame {
  std::uint32_t index = 0;  // into the run
  std::uint32_t ip_octets =
      0;  // transport mode: of the packet's own headers in front of ESP or AH; 0: tunnel mode
  std::uint32_t next_at = 0;  // transport mode: the octet in them that names what follows
  std::uint32_t payload = 0;  // octets that are protected, before any padding
  std::uint32_t tfc = 0;
  std::uint32_t pad = 0;
  std::uint8_t next_header = wire::protocol::no_next_header;
  InnerFields inner;
};

struct OutboundSa::Batch {
  Scratch<Frame, largest_run> frames;
};

}  // namespace mpsec::ipsec
