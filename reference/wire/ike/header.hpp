// RFC 7296 3.1: the header of every IKE message.
#pragma once

#include "wire/ike/payload_header.hpp"

namespace mpsec::wire::ike {

enum class ExchangeType : std::uint8_t {
  ike_sa_init = 34,
  ike_auth = 35,
  create_child_sa = 36,
  informational = 37,
  ike_session_resume = 38,
  gsa_auth = 39,
  gsa_registration = 40,
  gsa_rekey = 41,
  gsa_inband_rekey = 42,
  ike_intermediate = 43,
  ike_followup_ke = 44,
};

// |                       IKE SA Initiator's SPI                  |
// |                                                               |
// |                       IKE SA Responder's SPI                  |
// |                                                               |
// |  Next Payload | MjVer | MnVer | Exchange Type |X|X|R|V|I|X|X|X|
// |                          Message ID                           |
// |                            Length                             |
struct IkeHeader {
  static constexpr std::string_view name = "IKE Header", clause = "RFC 7296 3.1";
  static constexpr std::size_t octets = 28;

  IkeSpi initiator_spi{};
  IkeSpi responder_spi{};  // 0 in the first message
  PayloadType next_payload = PayloadType::none;
  std::uint8_t major_version = 2;
  std::uint8_t minor_version = 0;
  ExchangeType exchange_type = ExchangeType::ike_sa_init;
  std::uint8_t reserved_high = 0;
  bool response = false;
  bool higher_version = false;  // the sender can speak a newer major version
  bool initiator = false;       // the sender initiated the IKE SA, or rekeyed it last
  std::uint8_t reserved_low = 0;
  MessageId message_id{};
  std::uint32_t length = octets;  // of the whole message

  bool operator==(const IkeHeader&) const = default;

  static constexpr auto wire = Entries{
      field<&IkeHeader::initiator_spi>("Initiator's SPI"),
      field<&IkeHeader::responder_spi>("Responder's SPI"),
      field<&IkeHeader::next_payload>("Next Payload"),
      bits<std::uint8_t>(bit<4, &IkeHeader::major_version>("Major Version"),
                         bit<4, &IkeHeader::minor_version>("Minor Version")),
      field<&IkeHeader::exchange_type>("Exchange Type"),
      bits<std::uint8_t>(bit<2, &IkeHeader::reserved_high>("Reserved Flags (high)"),
                         bit<1, &IkeHeader::response>("Response"),
                         bit<1, &IkeHeader::higher_version>("Version"),
                         bit<1, &IkeHeader::initiator>("Initiator"),
                         bit<3, &IkeHeader::reserved_low>("Reserved Flags (low)")),
      field<&IkeHeader::message_id>("Message ID"),
      field<&IkeHeader::length>("Length"),
  };
};

}  // namespace mpsec::wire::ike
