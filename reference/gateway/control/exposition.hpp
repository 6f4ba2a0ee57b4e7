// Writes the lines of Prometheus's text format.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>

namespace mpsec::gateway {

class Exposition {
 public:
  enum class Type : std::uint8_t { counter, gauge };
  using Label = std::pair<std::string_view, std::string_view>;

  // The samples that follow are of it. `name` and labels' names are ours, [a-z_]+; values are anybody's.
  void family(std::string_view name, Type type, std::string_view help);
  void sample(std::initializer_list<Label> labels, std::uint64_t value);
  void sample(std::initializer_list<Label> labels, double value);

  std::string take() { return std::move(text_); }

 private:
  void begin(std::initializer_list<Label> labels);

  std::string text_;
  std::string name_;
};

}  // namespace mpsec::gateway
