// Keywords of Python, taken one by one; what is left over was none of them.
#pragma once

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <vector>

#include "bind.hpp"

namespace mpsec::python {

// Takes the keyword out of `given`; `otherwise` where it was not given.
template <class T>
T taken(py::kwargs& given, const char* name, T otherwise) {
  if (!given.contains(name)) return otherwise;
  return given.attr("pop")(name).cast<T>();
}

// One of some words; the first where the keyword was not given.
template <class T>
T choice(py::kwargs& given, const char* name, const std::vector<std::pair<std::string, T>>& choices) {
  const auto word = taken<std::string>(given, name, choices.front().first);
  std::vector<std::string> known;
  for (const auto& [allowed, value] : choices) {
    if (word == allowed) return value;
    known.push_back(allowed);
  }
  throw py::value_error(fmt::format("{}: expected {}, found \"{}\"", name, fmt::join(known, " or "), word));
}

// Raises TypeError for what nobody has taken.
inline void refuse_rest(const py::kwargs& given) {
  if (!given.empty())
    throw py::type_error("unknown keywords: " + std::string(py::repr(given.attr("keys")())));
}

}  // namespace mpsec::python
