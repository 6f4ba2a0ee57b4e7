// Wireshark's table of ESP SAs, the file esp_sa in its configuration folder.
#pragma once

#include <string_view>

#include "pcap-replay/keys/key_entry.hpp"

namespace mpsec::replay {

// One SA a line, eight fields between quotation marks with commas between them:
//   "IPv4","source","destination","0xSPI","encryption","0xkey","authentication","0xkey"
// and from Wireshark 4.2 on a ninth, "32-bit" or "64-bit" sequence numbers. Addresses may be "*" or prefixes;
// a
// '*' in the eight digits of an SPI stands for any digit, "*" alone for any SPI. The names are Wireshark's,
// with the document in brackets or without. A key without 0x is text. Inside a field "" or \x22 is a
// quotation mark.
//
// Authentication "ANY n bit" and algorithms that we lack leave ICVs unchecked; a cipher that we lack becomes
// a warning.
Result<KeyFile> parse_wireshark_keys(std::string_view text, std::string_view file);

}  // namespace mpsec::replay
