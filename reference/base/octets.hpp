// Octets: the words for memory that holds wire data.
#pragma once

#include <algorithm>
#include <array>
#include <bit>
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

namespace detail {
// A number between the machine's byte order and the wire's, either way.
template <class Unsigned>
constexpr Unsigned wire_order(Unsigned value) {
  return std::endian::native == std::endian::little ? std::byteswap(value) : value;
}
}  // namespace detail

// A big-endian number. One load and a swap: compilers do not find that in a loop over octets of eight.
template <class Unsigned>
constexpr Unsigned load_be(const std::uint8_t* from) {
  std::array<std::uint8_t, sizeof(Unsigned)> octets;
  std::copy_n(from, sizeof(Unsigned), octets.begin());
  return detail::wire_order(std::bit_cast<Unsigned>(octets));
}

template <class Unsigned>
constexpr void store_be(std::uint8_t* to, Unsigned value) {
  const auto octets = std::bit_cast<std::array<std::uint8_t, sizeof(Unsigned)>>(detail::wire_order(value));
  std::copy_n(octets.begin(), sizeof(Unsigned), to);
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
