// Batches of numbers and resynchronisations: a cluster's window says what the set that defines it says.
// depends: cluster fuzz_support
#include "support/cluster_window_law.hpp"
#include "support/require.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* octets, std::size_t size) {
  mpsec::fuzz::require(mpsec::fuzz::cluster_window_agrees({octets, size}), "window and set agree");
  return 0;
}
