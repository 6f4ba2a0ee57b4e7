// Fragments under a right ICV, of any number, total and content: bounded, and gone in the end.
// depends: ike crypto_open wire_ike fuzz_support
#include "support/ike_ends.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* octets, std::size_t size) {
  mpsec::fuzz::fuzz_ike_fragments({octets, size});
  return 0;
}
