// What an authenticated peer can put under a right ICV; tunnel or transport mode by the first octet.
// depends: ipsec crypto_open fuzz_support
#include "support/esp_ends.hpp"
#include "support/require.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* octets, std::size_t size) {
  using namespace mpsec;
  if (size == 0) return 0;
  fuzz::EspEnds ends(octets[0] % 2 == 0 ? ipsec::Mode::tunnel : ipsec::Mode::transport);
  ends.receive_sealed({octets + 1, size - 1});
  fuzz::require(ends.path().discards()[ipsec::Discard::integrity_failed] == 0, "the ICV was right");
  fuzz::require(ends.received() == ends.delivered() + ends.path().discards().total(),
                "one cause for each discard");
  // Of an SA for all traffic nobody reads the next layer, which may then be cut short.
  for (const ipsec::Delivery& delivery : ends.actions().deliveries) {
    const auto read = ipsec::selectors_of(delivery.packet.view(), ipsec::Direction::inbound);
    fuzz::require(
        octets[0] % 2 != 0 || read || read.error() >= ipsec::MalformedPacket::extension_header_cut_short,
        "what leaves a tunnel has a sound IP header");
  }
  return 0;
}
