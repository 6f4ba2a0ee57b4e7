// RFC 4303 2: the ESP packet as it is on the wire, sealed.
#pragma once

#include "wire/schema.hpp"

namespace mpsec::wire {

// |               Security Parameters Index (SPI)                 |
// |                      Sequence Number                          |
// |          IV, payload, padding, trailer, ICV (opaque)          |
struct Esp {
  static constexpr std::string_view name = "ESP", clause = "RFC 4303 2";

  Spi spi;
  std::uint32_t sequence_number = 0;  // the low half where the number is extended
  Octets sealed;                      // IV | ciphertext | ICV: where they part is known to the SA only

  bool operator==(const Esp&) const = default;

  static constexpr auto wire = Entries{
      field<&Esp::spi>("SPI"),
      field<&Esp::sequence_number>("Sequence Number"),
      rest<&Esp::sealed>("Payload Data"),
  };
};

}  // namespace mpsec::wire
