// Fragments in any order and overlap: the reassembler agrees with a slow model, and its bounds hold.
// depends: ipsec fuzz_support
#include "support/reassembly_model.hpp"
#include "support/require.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* octets, std::size_t size) {
  const mpsec::OctetView input(octets, size);
  mpsec::fuzz::require(mpsec::fuzz::reassembly_agrees(input), "reassembler and model agree");
  mpsec::ipsec::Reassembler reassembler({.datagrams = 4, .octets = 4096, .pieces = 8});
  for (std::size_t from = 0; from < size; from += 64)
    reassembler.offer(input.subspan(from), mpsec::Instant{});
  mpsec::fuzz::require(reassembler.datagrams() <= 4 && reassembler.octets() <= 4096, "bounds hold");
  return 0;
}
