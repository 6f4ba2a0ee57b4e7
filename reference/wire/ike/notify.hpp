// RFC 7296 3.10: the Notify payload.
#pragma once

#include "wire/ike/notify_type.hpp"
#include "wire/ike/security_association.hpp"

namespace mpsec::wire::ike {

// |  Protocol ID  |   SPI Size    |      Notify Message Type      |
// ~                Security Parameter Index (SPI)                 ~
// ~                       Notification Data                       ~
struct Notify {
  static constexpr std::string_view name = "Notify", clause = "RFC 7296 3.10";

  ProtocolId protocol = ProtocolId::none;
  std::uint8_t spi_size = 0;
  NotifyType type = NotifyType::initial_contact;
  Octets spi{};
  Octets data{};  // notify_data.hpp reads it where it has a form

  std::size_t spi_octets() const { return spi_size; }
  bool operator==(const Notify&) const = default;

  static constexpr auto wire = Entries{
      field<&Notify::protocol>("Protocol ID"),     field<&Notify::spi_size>("SPI Size"),
      field<&Notify::type>("Notify Message Type"), octets<&Notify::spi>("SPI", &Notify::spi_octets),
      rest<&Notify::data>("Notification Data"),
  };
};

}  // namespace mpsec::wire::ike
