// RFC 7296 3.11: the Delete payload.
#pragma once

#include "wire/ike/security_association.hpp"

namespace mpsec::wire::ike {

// | Protocol ID   |   SPI Size    |          Num of SPIs          |
// ~               Security Parameter Index(es) (SPI)              ~
struct Delete {
  static constexpr std::string_view name = "Delete", clause = "RFC 7296 3.11";

  ProtocolId protocol = ProtocolId::ike;
  std::uint8_t spi_size = 0;
  std::uint16_t spi_count = 0;
  Octets spis{};  // one behind the other

  std::size_t spis_octets() const { return std::size_t{spi_size} * spi_count; }
  bool operator==(const Delete&) const = default;

  static constexpr auto wire = Entries{
      field<&Delete::protocol>("Protocol ID"),
      field<&Delete::spi_size>("SPI Size"),
      field<&Delete::spi_count>("Num of SPIs"),
      octets<&Delete::spis>("SPI", &Delete::spis_octets),
  };
};

}  // namespace mpsec::wire::ike
