// Reports of the core as lines (docs/trace.md has the members).
#pragma once

#include "gateway/control/line_limit.hpp"
#include "gateway/core/output.hpp"
#include "trace/event_lines.hpp"

namespace mpsec::gateway {

std::string to_json_line(const trace::Origin& origin, const Report& report);
std::string to_text_line(const trace::Origin& origin, const Report& report);

// That lines were left out: event "left_out" with `kind` and `lines`.
std::string to_json_line(const trace::Origin& origin, const LineLimit::LeftOut& left_out);
std::string to_text_line(const trace::Origin& origin, const LineLimit::LeftOut& left_out);

}  // namespace mpsec::gateway
