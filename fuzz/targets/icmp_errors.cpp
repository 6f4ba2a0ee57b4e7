// ICMP errors about packets that were too big: any quotation is read or refused; what we send can be read.
// depends: ipsec
#include "ipsec/icmp_errors.hpp"

#include "ipsec/test_packets.hpp"
#include "support/require.hpp"
using namespace mpsec;
using namespace mpsec::ipsec;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* octets, std::size_t size) {
  const OctetView input(octets, size);
  const auto sound = [](OctetView packet) {
    const auto report = read_too_big(packet);
    return report ? report->protocol >= 50 : report.error().path.starts_with("ICMP/quoted");
  };
  (void)read_too_big(input);
  fuzz::require(sound(test::too_big_message_v4(input, 1300)), "about IPv4: of ESP or AH, or refused");
  fuzz::require(sound(test::too_big_message_v6(input, 1300)), "about IPv6: of ESP or AH, or refused");
  for (const IpAddress& own : {ip("10.0.0.1"), ip("2001:db8::9")})
    if (const auto reply = packet_too_big(input, own, 1300)) {
      fuzz::require(reply->octets().size() <= (own.is_v4() ? 576u : 1280u), "an error is not too large");
      fuzz::require(sound(reply->octets()), "what we send is right");
    }
  return 0;
}
