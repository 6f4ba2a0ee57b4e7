// Values that lines share with whoever else writes JSON about an engine.
#pragma once

#include <nlohmann/json.hpp>
#include <string>

#include "base/error.hpp"
#include "trace/event_lines.hpp"

namespace mpsec::trace {

using Json = nlohmann::ordered_json;  // members keep their order

// Members: blame, path, offset (where there is one), why, clause (where there is one).
Json to_json(const Error& error);

// An object with the members that every line has: time, time_ns, host.
Json begun_line(const Origin& origin);

// One line of ASCII without its end; octets that are no UTF-8 become U+FFFD.
std::string to_line(const Json& json);

}  // namespace mpsec::trace
