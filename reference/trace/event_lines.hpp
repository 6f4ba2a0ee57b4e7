// Events as lines: of text for people, of JSON for programs (docs/trace.md has the members). No event holds a
// key, so neither does a line.
#pragma once

#include <string>
#include <string_view>

#include "base/clock.hpp"
#include "ike/events.hpp"
#include "ipsec/data_path_events.hpp"

namespace mpsec::trace {

// Where and when an event happened.
struct Origin {
  Instant at;
  std::string_view host;  // whose engine says so; empty where there is one only
};

// "12.000500000 A: IKE SA 1 (...): init_sent -> auth_sent by init_reply": seconds since the clock's start.
std::string to_text_line(const Origin& origin, const ike::Event& event);
std::string to_text_line(const Origin& origin, const ipsec::Event& event);

// One object without line breaks; members that do not apply are left out. Whatever octets are in an event,
// the line is valid JSON in UTF-8.
std::string to_json_line(const Origin& origin, const ike::Event& event);
std::string to_json_line(const Origin& origin, const ipsec::Event& event);

}  // namespace mpsec::trace
