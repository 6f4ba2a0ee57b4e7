// RFC 7296 3.14: the Encrypted payload. Its Next Payload is the type of the first payload inside; none
// follows.
#pragma once

#include "wire/schema.hpp"

namespace mpsec::wire::ike {

// |                     Initialization Vector                     |
// ~                    Encrypted IKE Payloads                     ~
// |               |             Padding (0-255 octets)            |
// +               |               |  Pad Length   |
// ~                    Integrity Checksum Data                    ~
// Where these part is known to the IKE SA alone.
struct Encrypted {
  static constexpr std::string_view name = "SK", clause = "RFC 7296 3.14";
  Octets octets{};
  bool operator==(const Encrypted&) const = default;
  static constexpr auto wire = Entries{rest<&Encrypted::octets>("Encrypted")};
};

}  // namespace mpsec::wire::ike
