// What an authenticated peer can say, as request or response, against whatever is on its way.
// depends: ike crypto_open wire_ike fuzz_support
#include "support/ike_ends.hpp"
#include "support/wire_mutators.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* octets, std::size_t size) {
  mpsec::fuzz::fuzz_ike_authenticated({octets, size});
  return 0;
}

extern "C" std::size_t LLVMFuzzerCustomMutator(std::uint8_t* data, std::size_t size, std::size_t max,
                                               unsigned seed) {
  return mpsec::fuzz::mutate_ike_message(data, size, max, seed);
}
