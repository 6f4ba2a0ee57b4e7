// Every header of the registry, each tried on the same octets: the laws of wire_packet for one header.
// depends: wire fuzz_support
#include <algorithm>

#include "support/require.hpp"
#include "support/wire_mutators.hpp"
#include "wire/codec.hpp"
#include "wire/packet.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* octets, std::size_t size) {
  using mpsec::fuzz::require;
  const mpsec::OctetView input(octets, size);
  mpsec::wire::Registry::for_each([&]<class Line>() {
    const auto header = mpsec::wire::decode<typename Line::header>(input);
    require(!header || std::ranges::equal(mpsec::wire::encode(*header), input), "encoding undoes decoding");
    require(!header || !mpsec::wire::dump(*header).empty(), "a header has a dump");
    require(header || (!header.error().path.empty() && header.error().offset), "errors say where");
  });
  return 0;
}

extern "C" std::size_t LLVMFuzzerCustomMutator(std::uint8_t* data, std::size_t size, std::size_t max,
                                               unsigned seed) {
  return mpsec::fuzz::mutate_header(data, size, max, seed);
}
