// RFC 7296 3.9: the Nonce payload.
#pragma once

#include "wire/schema.hpp"

namespace mpsec::wire::ike {

struct Nonce {
  static constexpr std::string_view name = "Nonce", clause = "RFC 7296 3.9";
  static constexpr std::size_t min_octets = 16, max_octets = 256;  // lawful ones; others decode too

  Octets data{};

  bool operator==(const Nonce&) const = default;

  static constexpr auto wire = Entries{rest<&Nonce::data>("Nonce Data")};
};

}  // namespace mpsec::wire::ike
