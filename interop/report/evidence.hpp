// What a case leaves for Wireshark.
#pragma once

#include <string>

#include "interop/suite/run_case.hpp"

namespace mpsec::conformance {

// The folder of a case's evidence: its ID with every slash a dot.
std::string evidence_name(std::string_view case_id);

// Into `folder`, which is made (0700) if need be: packets.pcapng, and where the outcome has keys
// ikev2_decryption_table and esp_sa (0600), which Wireshark finds by WIRESHARK_CONFIG_DIR=folder.
// `zero_seconds` is the calendar's time at Instant{}. Without steps there is nothing to write. Fails naming
// the file.
Result<> write_evidence(const std::string& folder, const Outcome& outcome, std::int64_t zero_seconds = 0);

}  // namespace mpsec::conformance
