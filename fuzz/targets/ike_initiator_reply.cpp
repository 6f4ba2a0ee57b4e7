// A reply from anyone to an initiator that waits: only the real response to IKE_AUTH counts.
// depends: ike crypto_open wire_ike fuzz_support
#include "support/ike_ends.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* octets, std::size_t size) {
  mpsec::fuzz::fuzz_ike_initiator_reply({octets, size});
  return 0;
}

extern "C" std::size_t LLVMFuzzerCustomMutator(std::uint8_t* data, std::size_t size, std::size_t max,
                                               unsigned seed) {
  return mpsec::fuzz::mutate_ike_message_behind(1, data, size, max, seed);
}
