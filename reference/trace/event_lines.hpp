// Events as lines: of text for people, of JSON for programs (docs/trace.md has the members). No event holds a
// key, so neither does a line.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/clock.hpp"
#include "cluster/cluster_events.hpp"
#include "crypto/certificate.hpp"
#include "ike/events.hpp"
#include "ipsec/data_path_events.hpp"

namespace mpsec::trace {

// Where and when an event happened.
struct Origin {
  Instant at;
  std::string_view host;  // whose engine says so; empty where there is one only
  // What the calendar said at Instant{}; nothing: there is no calendar, as in a simulation.
  std::optional<crypto::CalendarSeconds> calendar{};
};

// "12.000500000 A: IKE SA 1 (...): init_sent -> auth_sent by init_reply": seconds since the clock's start, or
// with a calendar "2026-01-31T12:00:00.000500000Z A: ...". An Error is a fault of our own.
std::string to_text_line(const Origin& origin, const ike::Event& event);
std::string to_text_line(const Origin& origin, const ipsec::Event& event);
std::string to_text_line(const Origin& origin, const cluster::ClusterEvent& event);
std::string to_text_line(const Origin& origin, const Error& fault);

// One object without line breaks; members that do not apply are left out. Whatever octets are in an event,
// the line is valid JSON in UTF-8.
std::string to_json_line(const Origin& origin, const ike::Event& event);
std::string to_json_line(const Origin& origin, const ipsec::Event& event);
std::string to_json_line(const Origin& origin, const cluster::ClusterEvent& event);
std::string to_json_line(const Origin& origin, const Error& fault);

// A line of text like those of events.
std::string text_line(const Origin& origin, const std::string& text);
// "2026-01-31T12:00:00.000500000Z" (RFC 3339).
std::string calendar_text(crypto::CalendarSeconds at_start, Instant at);

}  // namespace mpsec::trace
