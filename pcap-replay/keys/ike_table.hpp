// Wireshark's table of IKE SAs, the file ikev2_decryption_table in its configuration folder.
#pragma once

#include <string_view>

#include "pcap-replay/keys/key_entry.hpp"

namespace mpsec::replay {

// One IKE SA a line, eight fields with commas between them:
//   SPI of the initiator,of the responder,SK_ei,SK_er,"encryption",SK_ai,SK_ar,"integrity"
// SPIs and keys are hexadecimal, between quotation marks or not, and empty where an algorithm has none; SK_e*
// hold the salt behind the key. The names are those of Wireshark's versions, with the document in brackets or
// without, or IANA's. Lines that start with # are passed over.
//
// With integrity "ANY n-bits" or an algorithm that we lack, ICVs are not checked.
Result<KeyFile> parse_ike_table(std::string_view text, std::string_view file);

// Whether a line may be one of this table: it starts with an SPI.
bool looks_like_ike_table(std::string_view line);

}  // namespace mpsec::replay
