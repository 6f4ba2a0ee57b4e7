// The packet path's walk against the codec: what decodes can be walked, and within its bounds.
// depends: wire fuzz_support
#include "support/require.hpp"
#include "support/wire_mutators.hpp"
#include "wire/header_walk.hpp"
#include "wire/packet.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* octets, std::size_t size) {
  using mpsec::fuzz::require, mpsec::wire::WalkError;
  const auto walk = mpsec::wire::walk_headers({octets, size});
  const auto packet = mpsec::wire::decode_packet({octets, size});
  if (!walk) {
    require(!packet || walk.error() >= WalkError::truncated_extension, "what decodes can be walked");
    return 0;
  }
  require(walk->total_length <= size && walk->upper_at <= walk->total_length, "the walk stays in the packet");
  require(walk->per_fragment_end <= walk->upper_at, "per-fragment headers come first");
  require(octets[walk->protocol_at] == walk->protocol, "the protocol is where the walk says");
  return 0;
}

extern "C" std::size_t LLVMFuzzerCustomMutator(std::uint8_t* data, std::size_t size, std::size_t max,
                                               unsigned seed) {
  return mpsec::fuzz::mutate_packet(data, size, max, seed);
}
