// The one error model of the engine: errors are values, sorted by whose fault they are.
#pragma once

#include <cstddef>
#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <string_view>

namespace mpsec {

enum class Blame : std::uint8_t {
  malformed,         // the octets (or the file) do not say what their format asks
  peer_misbehaved,   // well-formed, but against the protocol
  no_common_ground,  // lawful, but outside what we support or allow
  local_fault,       // our own configuration, resources or a refused call
};

std::string_view to_string(Blame blame);

// What went wrong, where, and by which rule.
//   path    the field from the outside in: "IPv4/Options[1]/Length", or "keys.toml:3:7" in a file
//   offset  octets from the start of the datagram (or characters of a text), where one can be named
//   why     need and have, expected and found, allowed values; a whole sentence without full stop
//   clause  the rule's home: "RFC 4303 2.4"; empty where none applies
struct Error {
  Blame blame = Blame::malformed;
  std::string path;
  std::optional<std::size_t> offset;
  std::string why;
  std::string clause;

  bool operator==(const Error&) const = default;
};

// "IPv4/Options[1]/Length @ 0x15: need 2 octets, have 1 (RFC 791 3.1)"
std::string to_string(const Error& error);

template <class T = void>
using Result = std::expected<T, Error>;

}  // namespace mpsec
