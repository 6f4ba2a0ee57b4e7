// RFC 7296 3.4: the Key Exchange payload.
#pragma once

#include "wire/schema.hpp"

namespace mpsec::wire::ike {

// |   Diffie-Hellman Group Num    |           RESERVED            |
// ~                       Key Exchange Data                       ~
struct KeyExchange {
  static constexpr std::string_view name = "KE", clause = "RFC 7296 3.4";

  std::uint16_t method = 0;  // transform ID of type 4
  std::uint16_t reserved = 0;
  Octets data{};

  bool operator==(const KeyExchange&) const = default;

  static constexpr auto wire = Entries{
      field<&KeyExchange::method>("Key Exchange Method"),
      field<&KeyExchange::reserved>("RESERVED"),
      rest<&KeyExchange::data>("Key Exchange Data"),
  };
};

}  // namespace mpsec::wire::ike
