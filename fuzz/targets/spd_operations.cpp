// Policies come, go and move: lookups are the ordered search, and only policies without packets are shadowed.
// depends: ipsec fuzz_support
#include "support/require.hpp"
#include "support/spd_model.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* octets, std::size_t size) {
  mpsec::fuzz::require(mpsec::fuzz::spd_agrees({octets, size}), "SPD and ordered list agree");
  return 0;
}
