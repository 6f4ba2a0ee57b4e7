// A gateway's JSON for people: tables, and sentences of one line.
#pragma once

#include <nlohmann/json.hpp>
#include <string>

namespace mpsec::gateway::ctl {

using Json = nlohmann::ordered_json;

// A reply that is `ok`, with the end of its last line. Members that it does not have are shown as "-": the
// gateway may be of another version.
std::string human_reply(const Json& reply);
// An event: its time, its name, its members as name=value.
std::string human_event(const Json& event);
// The error of a reply that is not: "IKE SA 1/IKE_AUTH: ... (RFC 7296 2.15)".
std::string human_error(const Json& reply);

}  // namespace mpsec::gateway::ctl
