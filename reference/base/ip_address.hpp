// IP addresses of both families as one value type.
#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/octets.hpp"

namespace mpsec {

enum class IpVersion : std::uint8_t { v4 = 4, v6 = 6 };

// An IPv4 or IPv6 address. Ordered by family, then as a big-endian number; the unused octets of an
// IPv4 address are zero.
class IpAddress {
 public:
  constexpr IpAddress() = default;  // 0.0.0.0
  static constexpr IpAddress v4(std::uint32_t number) {
    IpAddress address;
    store_be(address.octets_.data(), number);
    return address;
  }
  static constexpr IpAddress v4(const std::uint8_t* four) { return v4(load_be<std::uint32_t>(four)); }
  static constexpr IpAddress v6(const std::uint8_t* sixteen) {
    IpAddress address;
    address.version_ = IpVersion::v6;
    for (std::size_t i = 0; i < 16; ++i)
      address.octets_[i] = sixteen[i];
    return address;
  }
  // "192.0.2.1" or "2001:db8::1"; fails naming the text and both forms.
  static Result<IpAddress> parse(std::string_view text);

  constexpr IpVersion version() const { return version_; }
  constexpr bool is_v4() const { return version_ == IpVersion::v4; }
  constexpr std::size_t size() const { return is_v4() ? 4 : 16; }
  OctetView octets() const { return OctetView(octets_).first(size()); }
  constexpr std::uint32_t v4_number() const { return load_be<std::uint32_t>(octets_.data()); }
  // The address as a 128-bit number in two halves; an IPv4 address stands in the low 32 bits.
  constexpr std::uint64_t high() const { return is_v4() ? 0 : load_be<std::uint64_t>(octets_.data()); }
  constexpr std::uint64_t low() const {
    return is_v4() ? v4_number() : load_be<std::uint64_t>(octets_.data() + 8);
  }

  constexpr auto operator<=>(const IpAddress&) const = default;

 private:
  IpVersion version_ = IpVersion::v4;
  std::array<std::uint8_t, 16> octets_{};
};

std::string to_string(const IpAddress& address);

// Terminates on a wrong literal; for our own tests and tables.
IpAddress ip(std::string_view literal);

}  // namespace mpsec
