// Octets: the words for memory that holds wire data.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.hpp"

namespace mpsec {

using Octets = std::vector<std::uint8_t>;
using OctetView = std::span<const std::uint8_t>;
using MutableOctets = std::span<std::uint8_t>;

// Lower-case hexadecimal, two digits an octet, no separators.
std::string to_hex(OctetView octets);

// The octets that `text` spells in hexadecimal, either case. White space and ':' between octets are
// passed over, a leading "0x" too. Fails (malformed, path "hex", offset = place in the text) on any
// other character and on half an octet.
Result<Octets> from_hex(std::string_view text);

// The octets of a literal in our own tests and tables; terminates on a wrong literal.
Octets hex(std::string_view literal);

template <class Unsigned>
constexpr Unsigned load_be(const std::uint8_t* from) {
  Unsigned value = 0;
  for (std::size_t i = 0; i < sizeof(Unsigned); ++i)
    value = static_cast<Unsigned>(static_cast<std::uint64_t>(value) << 8 | from[i]);
  return value;
}

template <class Unsigned>
constexpr void store_be(std::uint8_t* to, Unsigned value) {
  for (std::size_t i = sizeof(Unsigned); i-- > 0;
       value = static_cast<Unsigned>(static_cast<std::uint64_t>(value) >> 8))
    to[i] = static_cast<std::uint8_t>(value);
}

template <class Unsigned>
void append_be(Octets& to, Unsigned value) {
  to.resize(to.size() + sizeof(Unsigned));
  store_be(to.data() + to.size() - sizeof(Unsigned), value);
}

inline void append(Octets& to, OctetView octets) {
  to.insert(to.end(), octets.begin(), octets.end());
}

}  // namespace mpsec
