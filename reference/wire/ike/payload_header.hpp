// RFC 7296 3.2: what every payload starts with.
#pragma once

#include "wire/ike/numbers.hpp"
#include "wire/schema.hpp"

namespace mpsec::wire::ike {

// Below 33 stand the payloads of IKEv1, which are unknown ones here.
enum class PayloadType : std::uint8_t {
  none = 0,
  security_association = 33,
  key_exchange = 34,
  identification_initiator = 35,
  identification_responder = 36,
  certificate = 37,
  certificate_request = 38,
  authentication = 39,
  nonce = 40,
  notify = 41,
  delete_ = 42,
  vendor_id = 43,
  traffic_selector_initiator = 44,
  traffic_selector_responder = 45,
  encrypted = 46,
  configuration = 47,
  eap = 48,
  generic_secure_password_method = 49,
  group_identification = 50,
  group_security_association = 51,
  key_download = 52,
  encrypted_fragment = 53,
  puzzle_solution = 54,
};

// | Next Payload  |C|  RESERVED   |         Payload Length        |
struct PayloadHeader {
  static constexpr std::string_view name = "Payload", clause = "RFC 7296 3.2";
  static constexpr std::size_t octets = 4;

  PayloadType next_payload = PayloadType::none;
  bool critical = false;
  std::uint8_t reserved = 0;
  std::uint16_t length = octets;  // of this header and the body

  bool operator==(const PayloadHeader&) const = default;

  static constexpr auto wire = Entries{
      field<&PayloadHeader::next_payload>("Next Payload"),
      bits<std::uint8_t>(bit<1, &PayloadHeader::critical>("Critical"),
                         bit<7, &PayloadHeader::reserved>("RESERVED")),
      field<&PayloadHeader::length>("Payload Length"),
      check<&PayloadHeader::length>("Payload Length", at_least(octets), "the length counts the header too"),
  };
};

}  // namespace mpsec::wire::ike
