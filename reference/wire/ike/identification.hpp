// RFC 7296 3.5: the Identification payloads.
#pragma once

#include "wire/ike/numbers.hpp"
#include "wire/schema.hpp"

namespace mpsec::wire::ike {

enum class IdType : std::uint8_t {
  ipv4_addr = 1,
  fqdn = 2,
  rfc822_addr = 3,
  ipv6_addr = 5,
  der_asn1_dn = 9,
  der_asn1_gn = 10,
  key_id = 11,
  fc_name = 12,
  null = 13,
};

// |   ID Type     |                 RESERVED                      |
// ~                   Identification Data                         ~
struct Identification {
  static constexpr std::string_view clause = "RFC 7296 3.5";

  IdType type = IdType::ipv4_addr;
  std::uint32_t reserved = 0;  // 24 bits
  Octets data{};

  bool operator==(const Identification&) const = default;

  static constexpr auto wire = Entries{
      bits<std::uint32_t>(bit<8, &Identification::type>("ID Type"),
                          bit<24, &Identification::reserved>("RESERVED")),
      rest<&Identification::data>("Identification Data"),
  };
};

struct IdentificationInitiator : Identification {
  static constexpr std::string_view name = "IDi";
  bool operator==(const IdentificationInitiator&) const = default;
};

struct IdentificationResponder : Identification {
  static constexpr std::string_view name = "IDr";
  bool operator==(const IdentificationResponder&) const = default;
};

}  // namespace mpsec::wire::ike
