#include "gateway/control/report_lines.hpp"

#include <fmt/format.h>

#include "trace/json_values.hpp"

namespace mpsec::gateway {
namespace {

template <class Event>
const Event& told(const Event& event) {
  return event;
}
const Error& told(const Fault& fault) {
  return fault.error;
}

}  // namespace

std::string to_json_line(const trace::Origin& origin, const Report& report) {
  return std::visit([&](const auto& one) { return trace::to_json_line(origin, told(one)); }, report);
}

std::string to_text_line(const trace::Origin& origin, const Report& report) {
  return std::visit([&](const auto& one) { return trace::to_text_line(origin, told(one)); }, report);
}

std::string to_json_line(const trace::Origin& origin, const LineLimit::LeftOut& left_out) {
  trace::Json json = trace::begun_line(origin);
  json["event"] = "left_out";
  json["kind"] = left_out.kind;
  json["lines"] = left_out.lines;
  return trace::to_line(json);
}

std::string to_text_line(const trace::Origin& origin, const LineLimit::LeftOut& left_out) {
  return trace::text_line(origin,
                          fmt::format("{} more lines were left out: {}", left_out.lines, left_out.kind));
}

}  // namespace mpsec::gateway
