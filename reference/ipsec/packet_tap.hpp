// A seam for testers: the plaintext of ESP and AH packets, to look at or to bend.
#pragma once

#include "ipsec/packet_buffer.hpp"

namespace mpsec::ipsec {

class PacketTap {
 public:
  virtual ~PacketTap() = default;
  // A packet that is complete but for encryption and ICV, from its outer IP header to the room for the ICV.
  // `esp_text` is the part that will be encrypted: payload, TFC padding, padding, pad length, next header
  // (empty for AH).
  virtual void before_sealing(PacketBuffer& packet, MutableOctets esp_text) noexcept = 0;
  // A packet whose ICV was found right, before its padding, next header and selectors are judged.
  virtual void after_opening(PacketBuffer& packet, MutableOctets esp_text) noexcept = 0;
};

}  // namespace mpsec::ipsec
