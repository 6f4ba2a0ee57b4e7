// What holds for every key file, whatever its form.
#pragma once

#include <string_view>

#include "pcap-replay/keys/key_entry.hpp"
#include "support/place_law.hpp"
#include "support/require.hpp"

namespace mpsec::fuzz {

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
