// The tables [[ike]] of the project's own key file (toml_keys.hpp).
#pragma once

#include <string>
#include <string_view>
#include <toml++/toml.h>

#include "pcap-replay/keys/ike_entry.hpp"

namespace mpsec::replay {

Result<IkeKeyEntry> read_ike_keys(toml::table& table, const std::string& path, std::string_view file);

}  // namespace mpsec::replay
