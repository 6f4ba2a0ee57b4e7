#include "gateway/control/exposition.hpp"

#include <cmath>
#include <fmt/format.h>

namespace mpsec::gateway {
namespace {

// What a label's value may not hold as it is. Other control characters come from nobody but a peer, and are
// of no use to anybody.
std::string escaped(std::string_view value) {
  std::string text;
  for (const char c : value) {
    if (c == '\\' || c == '"')
      text += fmt::format("\\{}", c);
    else if (c == '\n')
      text += "\\n";
    else
      text += (c >= 0 && c < ' ') || c == 127 ? '?' : c;
  }
  return text;
}

}  // namespace

void Exposition::family(std::string_view name, Type type, std::string_view help) {
  name_ = name;
  text_ += fmt::format("# HELP {} {}\n# TYPE {} {}\n", name, help, name,
                       type == Type::counter ? "counter" : "gauge");
}

void Exposition::sample(std::initializer_list<Label> labels, std::uint64_t value) {
  begin(labels);
  text_ += fmt::format(" {}\n", value);
}

void Exposition::sample(std::initializer_list<Label> labels, double value) {
  begin(labels);
  text_ += std::isnan(value)   ? " NaN\n"
           : std::isinf(value) ? (value < 0 ? " -Inf\n" : " +Inf\n")
                               : fmt::format(" {}\n", value);
}

void Exposition::begin(std::initializer_list<Label> labels) {
  text_ += name_;
  std::string_view before = "{";
  for (const auto& [name, value] : labels) {
    text_ += fmt::format("{}{}=\"{}\"", before, name, escaped(value));
    before = ",";
  }
  if (labels.size() != 0) text_ += '}';
}

}  // namespace mpsec::gateway
