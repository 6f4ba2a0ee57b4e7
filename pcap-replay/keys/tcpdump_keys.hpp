// The key file of tcpdump's option -E file.
#pragma once

#include <string_view>

#include "pcap-replay/keys/key_entry.hpp"

namespace mpsec::replay {

// One SA a line: "spi@address algorithm:secret", or "algorithm:secret" for all packets that no other line is
// for. The SPI is decimal or 0x-hexadecimal, the secret text or 0x-hexadecimal, empty lines and those that
// start with # are passed over. The algorithm is a cipher (3des, aes128, aes192, aes256, ..., also as
// "cipher-cbc"), then "-hmac96" if the packets end in an ICV of 12 octets. What the secret has beyond the
// cipher's key authenticates: 20 octets HMAC-SHA1-96, 16 octets HMAC-MD5-96; without it nothing does. tcpdump
// itself never looks.
//
// A line "file NAME", which has tcpdump read another file, is not followed: it becomes a warning.
Result<KeyFile> parse_tcpdump_keys(std::string_view text, std::string_view file);

}  // namespace mpsec::replay
