// SAs come and go under colliding keys: lookups find what a search in the order of RFC 4301 4.1 finds.
// depends: ipsec fuzz_support
#include "support/require.hpp"
#include "support/sad_model.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* octets, std::size_t size) {
  mpsec::fuzz::require(mpsec::fuzz::sad_agrees({octets, size}), "SAD and model agree");
  return 0;
}
