// Packets of any content through both sides of the data path; each with a kind and a length in front.
// depends: ipsec crypto_open fuzz_support
#include "support/esp_ends.hpp"
#include "support/require.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* octets, std::size_t size) {
  using namespace mpsec;
  fuzz::EspEnds ends(ipsec::Mode::tunnel);
  OctetView left(octets, size);
  while (left.size() >= 2) {
    const std::size_t length = std::min<std::size_t>(left.size() - 2, left[1] * std::size_t{4});
    const OctetView packet = left.subspan(2, length);
    if (left[0] % 3 == 0) ends.send(packet);
    if (left[0] % 3 == 1) ends.receive(packet);
    if (left[0] % 3 == 2) ends.receive_sealed(packet);
    left = left.subspan(2 + length);
  }
  fuzz::require(ends.delivered() <= ends.received(), "nothing is delivered twice");
  return 0;
}
