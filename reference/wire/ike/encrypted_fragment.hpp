// RFC 7383 2.5: the Encrypted Fragment payload. In the first fragment its Next Payload is the type of the
// first payload inside, in the others 0; no payload follows.
#pragma once

#include "wire/schema.hpp"

namespace mpsec::wire::ike {

// |        Fragment Number        |        Total Fragments        |
// |                     Initialization Vector                     |
// ~                      Encrypted content                        ~
// ~                    Integrity Checksum Data                    ~
struct EncryptedFragment {
  static constexpr std::string_view name = "SKF", clause = "RFC 7383 2.5";

  std::uint16_t fragment_number = 1;  // from 1
  std::uint16_t total_fragments = 1;
  Octets octets{};  // as in Encrypted

  bool operator==(const EncryptedFragment&) const = default;

  static constexpr auto wire = Entries{
      field<&EncryptedFragment::fragment_number>("Fragment Number"),
      field<&EncryptedFragment::total_fragments>("Total Fragments"),
      rest<&EncryptedFragment::octets>("Encrypted"),
  };
};

}  // namespace mpsec::wire::ike
