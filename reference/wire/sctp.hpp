// RFC 9260 3.1: the SCTP common header. Here for its ports, which selectors name.
#pragma once

#include "wire/schema.hpp"

namespace mpsec::wire {

// |      Source Port Number       |    Destination Port Number    |
// |                       Verification Tag                        |
// |                           Checksum                            |
struct SctpHeader {
  static constexpr std::string_view name = "SCTP", clause = "RFC 9260 3.1";

  std::uint16_t source_port = 0;
  std::uint16_t destination_port = 0;
  std::uint32_t verification_tag = 0;
  std::uint32_t checksum = 0;  // CRC32c

  bool operator==(const SctpHeader&) const = default;

  static constexpr auto wire = Entries{
      field<&SctpHeader::source_port>("Source Port Number"),
      field<&SctpHeader::destination_port>("Destination Port Number"),
      field<&SctpHeader::verification_tag>("Verification Tag"),
      field<&SctpHeader::checksum>("Checksum"),
  };
};

}  // namespace mpsec::wire
