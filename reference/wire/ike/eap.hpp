// RFC 7296 3.16: the Extensible Authentication Protocol payload: one EAP packet (RFC 3748 4).
#pragma once

#include "wire/ike/numbers.hpp"
#include "wire/schema.hpp"

namespace mpsec::wire::ike {

enum class EapCode : std::uint8_t { request = 1, response = 2, success = 3, failure = 4 };

// |     Code      | Identifier    |           Length              |
// |     Type      | Type_Data...
// Success and failure end with the length.
struct Eap {
  static constexpr std::string_view name = "EAP", clause = "RFC 7296 3.16";

  EapCode code = EapCode::request;
  std::uint8_t identifier = 0;
  std::uint16_t length = 4;  // of the EAP packet
  std::uint8_t type = 0;     // where the packet is longer than 4 octets
  Octets data{};

  bool has_type() const { return length > 4; }
  bool operator==(const Eap&) const = default;

  static constexpr auto wire = Entries{
      field<&Eap::code>("Code"),
      field<&Eap::identifier>("Identifier"),
      field<&Eap::length>("Length"),
      inside<&Eap::length>("Length", 4, when(&Eap::has_type, field<&Eap::type>("Type")),
                           rest<&Eap::data>("Type_Data")),
  };
};

}  // namespace mpsec::wire::ike
