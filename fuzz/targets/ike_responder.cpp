// A datagram from anyone, before IKE_SA_INIT, half open and established: no SA changes, nothing stays.
// depends: ike crypto_open wire_ike fuzz_support
#include "support/ike_ends.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* octets, std::size_t size) {
  mpsec::fuzz::fuzz_ike_responder({octets, size});
  return 0;
}

extern "C" std::size_t LLVMFuzzerCustomMutator(std::uint8_t* data, std::size_t size, std::size_t max,
                                               unsigned seed) {
  return mpsec::fuzz::mutate_ike_message_behind(1, data, size, max, seed);
}
