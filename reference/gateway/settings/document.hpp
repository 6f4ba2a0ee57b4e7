// A TOML document as a whole.
#pragma once

#include <functional>
#include <string_view>
#include <toml++/toml.h>

#include "gateway/settings/findings.hpp"

namespace mpsec::gateway {

// Lets `read` read the document, whose texts are wiped afterwards: some are keys. False, and an error that
// shows none of it, where it is no TOML.
bool read_document(std::string_view document, Findings& findings,
                   const std::function<void(toml::table&)>& read);

}  // namespace mpsec::gateway
