// The project's own key file.
#pragma once

#include <string_view>

#include "pcap-replay/keys/key_entry.hpp"

namespace mpsec::replay {

// A TOML file with one table an SA:
//
//   [[sa]]
//   spi = 0x1001                          # absent: any
//   protocol = "esp"                      # or "ah"; absent: "esp"
//   mode = "tunnel"                       # or "transport"; absent: found out from the packets
//   source = "198.51.100.0/24"            # address, prefix or range; absent: any
//   destination = "203.0.113.1"
//   encryption = "ENCR_AES_GCM_16"        # IANA's names, with or without the prefix
//   encryption_key = "00 01 02 ..."       # hexadecimal, the salt behind the key
//   integrity = "AUTH_HMAC_SHA2_256_128"  # absent with a combined-mode cipher
//   integrity_key = "..."
//   unverified_icv_octets = 12            # instead of integrity: an ICV that nobody can check
//   extended_sequence_numbers = true      # absent: false
//   replay_window = 128                   # 0: no anti-replay; absent: as the command line says
//   udp = { source_port = 4500, destination_port = 4500 }
//   selectors = [ { source = ["10.1.0.0/16"], destination = ["10.2.0.0/16"], protocol = 6, destination_port =
//   80 } ]
//
// and one table an IKE SA:
//
//   [[ike]]
//   initiator_spi = "0123456789abcdef"
//   responder_spi = "fedcba9876543210"
//   encryption = "ENCR_AES_GCM_16"        # with SK_ei and SK_er; absent: from another key file or table, or
//                                         # from g_ir and the IKE_SA_INIT in the capture
//   sk_ei = "..."                         # the salt behind the key
//   sk_er = "..."
//   integrity = "AUTH_HMAC_SHA2_256_128"  # absent with a combined-mode cipher
//   sk_ai = "..."
//   sk_ar = "..."
//   unverified_icv_octets = 12            # instead of integrity
//   sk_d = "..."                          # for Child SAs and the IKE SA that replaces this one
//   prf = "PRF_HMAC_SHA2_256"             # absent: as IKE_SA_INIT in the capture says
//   g_ir = ["...", "..."]                 # shared secrets of its exchanges, in any order: each is tried
//
// An unknown key is an error, so that a misspelt one is not overlooked. Errors name line and column.
Result<KeyFile> parse_toml_keys(std::string_view text, std::string_view file);

}  // namespace mpsec::replay
