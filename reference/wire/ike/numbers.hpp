// Numbers that have names in the IANA registry "IKEv2 Parameters". Their enumerations stand beside the
// payloads they occur in, their names in names.cpp, one table each. A number without a name is as lawful as
// any other.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>

namespace mpsec::wire::ike {

template <class Number>
struct NumberName {
  Number number;
  std::string_view name;  // as IANA spells it
};

// The names of one enumeration, ascending by number.
template <class Number>
  requires std::is_enum_v<Number>
std::span<const NumberName<Number>> names();

// What the numbers of the enumeration are: "exchange type".
template <class Number>
  requires std::is_enum_v<Number>
std::string_view kind();

// The name, or nothing.
template <class Number>
  requires std::is_enum_v<Number>
std::string_view name_of(Number number) {
  for (const auto& line : names<Number>())
    if (line.number == number) return line.name;
  return {};
}

// The name, or "exchange type 99".
template <class Number>
  requires std::is_enum_v<Number>
std::string to_string(Number number) {
  const std::string_view name = name_of(number);
  if (!name.empty()) return std::string(name);
  return std::string(kind<Number>()) + " " + std::to_string(static_cast<std::uint64_t>(number));
}

}  // namespace mpsec::wire::ike
