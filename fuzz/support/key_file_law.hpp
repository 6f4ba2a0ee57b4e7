// What holds for every key file, whatever its form.
#pragma once

#include <algorithm>
#include <charconv>
#include <string_view>

#include "pcap-replay/keys/key_entry.hpp"
#include "support/require.hpp"

namespace mpsec::fuzz {

// "input:LINE:COLUMN" with a line that the text has.
inline void require_place(const Error& error, std::string_view text) {
  const auto lines = static_cast<std::size_t>(std::ranges::count(text, '\n')) + 1;
  const std::string_view place =
      std::string_view(error.path).substr(std::min<std::size_t>(error.path.size(), 6));
  std::size_t line = 0;
  std::from_chars(place.data(), place.data() + place.size(), line);
  require(error.path.starts_with("input:") && line >= 1 && line <= lines,
          "an error names a line of the file");
}

inline void require_key_file_law(const Result<replay::KeyFile>& parsed, std::string_view text) {
  if (!parsed) return require_place(parsed.error(), text);
  for (const Error& warning : parsed->warnings)
    require_place(warning, text);
  for (const replay::KeyEntry& entry : parsed->entries)
    require(replay::check_encryption_key("input", entry.parameters, {}).has_value() ||
                entry.parameters.protocol == ipsec::Protocol::ah,
            "a key has a size that its algorithm takes");
  for (const replay::IkeKeyEntry& entry : parsed->ike)
    require(!entry.messages || replay::check_ike_keys("input", *entry.messages, 0, {}).has_value(),
            "a key of an IKE SA has a size that its algorithm takes");
}

}  // namespace mpsec::fuzz
