// Key files of any kind.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "pcap-replay/keys/key_entry.hpp"

namespace mpsec::replay {

enum class KeyFormat : std::uint8_t { tcpdump, wireshark, xfrm, toml, ikev2 };
inline constexpr std::string_view key_format_names[] = {"tcpdump", "wireshark", "xfrm", "toml", "ikev2"};

// From a name of key_format_names.
std::optional<KeyFormat> key_format_named(std::string_view name);

// By the first line that says something: a quoted "IPv4" or "IPv6" is Wireshark's, "src ADDRESS" ip xfrm
// state's, 16 digits with a comma behind them Wireshark's table of IKE SAs, a table in brackets or a line
// with
// '=' TOML, anything else tcpdump's.
KeyFormat detect_key_format(std::string_view text);

Result<KeyFile> parse_keys(std::string_view text, std::string_view file,
                           std::optional<KeyFormat> format = {});

// Reads and parses a key file ("-" is standard input). Its text is wiped from memory. A file that everybody
// may read is a warning.
Result<KeyFile> load_keys(const std::string& path, std::optional<KeyFormat> format = {});

}  // namespace mpsec::replay
