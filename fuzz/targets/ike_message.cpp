// Whole IKE messages: what decodes encodes to itself; what does not is refused with path and place.
// depends: wire_ike fuzz_support
#include <algorithm>

#include "support/require.hpp"
#include "wire/ike/message.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* octets, std::size_t size) {
  using mpsec::fuzz::require;
  const auto message = mpsec::wire::ike::decode_message({octets, size});
  if (message) {
    require(std::ranges::equal(encode(*message), std::span(octets, size)), "encoding undoes decoding");
    require(!dump(*message).empty(), "a message has a dump");
  } else {
    require(!message.error().path.empty() && !message.error().clause.empty(),
            "an error names path and clause");
    require(message.error().offset.value_or(size + 1) <= size, "the error lies within the message");
  }
  return 0;
}
