// Wireshark's table of IKE SAs: an error names a line of the file, and keys have sizes that fit.
// depends: replay_keys
#include "pcap-replay/keys/ike_table.hpp"
#include "support/key_file_law.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* octets, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(octets), size);
  mpsec::fuzz::require_key_file_law(mpsec::replay::parse_ike_table(text, "input"), text);
  return 0;
}
