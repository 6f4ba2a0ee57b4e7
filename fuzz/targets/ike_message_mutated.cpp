// Messages bent field by field: completing is done once, and what decodes of the result is complete.
// depends: wire_ike fuzz_support
#include "support/require.hpp"
#include "support/wire_mutators.hpp"
#include "wire/ike/complete.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* octets, std::size_t size) {
  using mpsec::fuzz::require;
  auto message = mpsec::wire::ike::decode_message({octets, size});
  if (!message) return 0;
  const auto completed = complete(*message);
  const mpsec::wire::ike::Message once = *message;
  require(complete(*message) == completed && *message == once, "complete() is done once");
  const auto again = mpsec::wire::ike::decode_message(encode(once));
  require(!again || !completed || check_complete(*again).has_value(), "what was completed is complete");
  return 0;
}

extern "C" std::size_t LLVMFuzzerCustomMutator(std::uint8_t* data, std::size_t size, std::size_t max,
                                               unsigned seed) {
  return mpsec::fuzz::mutate_ike_message(data, size, max, seed);
}
