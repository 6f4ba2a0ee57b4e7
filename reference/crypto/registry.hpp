// Looking up a line of a table of transforms by number or name. Private to this folder.
#pragma once

#include <cctype>
#include <fmt/format.h>
#include <span>
#include <string>
#include <string_view>

#include "base/error.hpp"

namespace mpsec::crypto::registry {

template <class Transform>
bool usable(const Transform& transform) {
  if constexpr (requires { transform.supported; })
    return transform.supported;
  else
    return transform.kind != decltype(transform.kind)::unsupported;
}

template <class Transform>
std::string usable_names(std::span<const Transform> table) {
  std::string names;
  for (const Transform& transform : table) {
    if (!usable(transform)) continue;
    if (!names.empty()) names += ", ";
    names += transform.name;
  }
  return names;
}

// In upper case and without the registry's prefix.
inline std::string normalised(std::string_view name, std::string_view prefix) {
  std::string upper;
  for (const char c : name)
    upper += static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  return upper.starts_with(prefix) ? upper.substr(prefix.size()) : upper;
}

inline Error unknown(std::string_view what, std::string why) {
  return Error{.blame = Blame::no_common_ground,
               .path = std::string(what),
               .offset = {},
               .why = std::move(why),
               .clause = "RFC 7296 3.3.2"};
}

template <class Transform, class Id>
Result<const Transform*> by_number(std::span<const Transform> table, Id id, std::string_view what) {
  for (const Transform& transform : table)
    if (transform.id == id) return &transform;
  return std::unexpected(unknown(what, fmt::format("transform ID {} is not known; usable are {}",
                                                   static_cast<unsigned>(id), usable_names(table))));
}

template <class Transform>
Result<const Transform*> by_name(std::span<const Transform> table, std::string_view name,
                                 std::string_view prefix, std::string_view what) {
  const std::string wanted = normalised(name, prefix);
  for (const Transform& transform : table)
    if (normalised(transform.name, prefix) == wanted) return &transform;
  return std::unexpected(
      unknown(what, fmt::format("expected one of {}, found \"{}\"", usable_names(table), name)));
}

}  // namespace mpsec::crypto::registry
