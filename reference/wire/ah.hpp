// RFC 4302 2: the authentication header.
#pragma once

#include "wire/schema.hpp"

namespace mpsec::wire {

// | Next Header   |  Payload Len  |          RESERVED             |
// |               Security Parameters Index (SPI)                 |
// |                    Sequence Number Field                      |
// |                Integrity Check Value-ICV (variable)           |
struct Ah {
  static constexpr std::string_view name = "AH", clause = "RFC 4302 2";
  static constexpr std::size_t fixed_size = 12;  // all but the ICV, in octets

  std::uint8_t next_header = 0;
  std::uint8_t payload_length = 1;  // of this header in units of 4 octets, minus 2
  std::uint16_t reserved = 0;
  Spi spi;
  std::uint32_t sequence_number = 0;  // the low half where the number is extended
  Octets icv;                         // with the padding that aligns the header, if there is any

  //= rfc4302/2.2/length-in-words-less-two
  std::size_t icv_octets() const { return (payload_length + std::size_t{2}) * 4 - fixed_size; }
  bool operator==(const Ah&) const = default;

  static constexpr auto wire = Entries{
      field<&Ah::next_header>("Next Header"),
      field<&Ah::payload_length>("Payload Len"),
      check<&Ah::payload_length>("Payload Len", at_least(1), "12 octets are fixed"),
      field<&Ah::reserved>("RESERVED"),
      field<&Ah::spi>("SPI"),
      field<&Ah::sequence_number>("Sequence Number"),
      octets<&Ah::icv>("ICV", &Ah::icv_octets),
  };
};

}  // namespace mpsec::wire
