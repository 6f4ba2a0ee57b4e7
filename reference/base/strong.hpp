// Strong types: numbers that must not be taken for one another.
#pragma once

#include <compare>
#include <cstdint>
#include <functional>

namespace mpsec {

// A number with a meaning. Tag keeps a Spi from being passed as a MessageId.
template <class Number, class Tag>
struct Strong {
  Number value{};

  constexpr Strong() = default;
  constexpr explicit Strong(Number number) : value(number) {}
  constexpr auto operator<=>(const Strong&) const = default;
};

using Spi = Strong<std::uint32_t, struct SpiTag>;        // RFC 4303 2.1, RFC 4302 2.4
using IkeSpi = Strong<std::uint64_t, struct IkeSpiTag>;  // RFC 7296 2.6
using SequenceNumber =
    Strong<std::uint64_t, struct SequenceNumberTag>;           // RFC 4303 2.2, high half 0 without ESN
using MessageId = Strong<std::uint32_t, struct MessageIdTag>;  // RFC 7296 2.2

}  // namespace mpsec

template <class Number, class Tag>
struct std::hash<mpsec::Strong<Number, Tag>> {
  std::size_t operator()(const mpsec::Strong<Number, Tag>& strong) const noexcept {
    return std::hash<Number>{}(strong.value);
  }
};
