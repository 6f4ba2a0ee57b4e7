// Whole datagrams: what decodes encodes to itself; what does not is refused with path and place.
// depends: wire fuzz_support
#include <algorithm>

#include "support/require.hpp"
#include "support/wire_mutators.hpp"
#include "wire/packet.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* octets, std::size_t size) {
  using mpsec::fuzz::require;
  const auto packet = mpsec::wire::decode_packet({octets, size});
  if (packet) {
    require(std::ranges::equal(encode(*packet), std::span(octets, size)), "encoding undoes decoding");
    require(!dump(*packet).empty(), "a packet has a dump");
  } else {
    require(!packet.error().path.empty() && !packet.error().clause.empty(), "an error names path and clause");
    require(packet.error().offset.value_or(size + 1) <= size, "the error lies within the packet");
  }
  return 0;
}

extern "C" std::size_t LLVMFuzzerCustomMutator(std::uint8_t* data, std::size_t size, std::size_t max,
                                               unsigned seed) {
  return mpsec::fuzz::mutate_packet(data, size, max, seed);
}
