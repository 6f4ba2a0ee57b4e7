// What the command "ip xfrm state" prints, with or without -s (iproute2).
#pragma once

#include <string_view>

#include "pcap-replay/keys/key_entry.hpp"

namespace mpsec::replay {

// One SA a block: "src A dst B" at the start of a line, then indented lines. Understood are protocol, SPI and
// mode, the replay window, the flag esn, auth, auth-trunc, enc, aead, encap and the selector; other lines say
// nothing that a replay needs and are passed over, since every version has more of them. Blocks of other
// protocols (comp, route2, hao), other modes and with algorithms that we lack become warnings. A window of 0
// counts as not known.
Result<KeyFile> parse_xfrm_keys(std::string_view text, std::string_view file);

}  // namespace mpsec::replay
