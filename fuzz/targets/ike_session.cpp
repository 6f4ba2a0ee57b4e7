// Two ends, lossy wire, time and commands as the input says: they agree once the network has healed.
// depends: ike crypto_open wire_ike fuzz_support
#include "support/ike_ends.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* octets, std::size_t size) {
  mpsec::fuzz::fuzz_ike_session({octets, size});
  return 0;
}
