// From a captured frame to the IP packet in it.
#pragma once

#include <cstdint>
#include <string>

#include "pcap-replay/capture/capture_reader.hpp"

namespace mpsec::replay {

struct LinkContent {
  enum class Kind : std::uint8_t {
    ip,           // `packet` starts with an IPv4 or IPv6 header, if the frame is right
    not_ip,       // another protocol: ARP, IEEE 802.2, MPLS, ...
    truncated,    // the frame ends within the link layer's header
    unsupported,  // a link type that we do not know
  };
  Kind kind;
  OctetView packet;
};

// Ethernet with any number of VLAN tags, raw IP, BSD null and loop, Linux cooked versions 1 and 2. The packet
// may be followed by padding.
LinkContent strip_link_layer(LinkType link_type, OctetView frame) noexcept;

// "Ethernet", or "link type 147".
std::string to_string(LinkType link_type);

}  // namespace mpsec::replay
