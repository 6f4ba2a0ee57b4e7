// IKE messages that others sent: those of IKEv2 decode and encode to themselves, those of IKEv1 are named so.
#include "wire/captures_test.hpp"

#include <filesystem>
#include <gtest/gtest.h>
#include <iostream>

#include "wire/ike/message.hpp"
#include "wire/packet.hpp"

namespace mpsec::wire::ike {
namespace {

namespace fs = std::filesystem;

// The IKE message in a datagram to or from port 500, or behind a non-ESP marker; empty where there is none.
Octets ike_message_in(OctetView datagram) {
  const auto packet = decode_packet(datagram);
  if (!packet) return {};
  const auto* udp = packet->find<UdpHeader>();
  const auto* payload = packet->find<wire::Payload>();
  if (!udp || !payload) return {};
  const bool port_500 = udp->source_port == ike_port || udp->destination_port == ike_port;
  return port_500 || packet->find<NonEspMarker>() ? payload->octets : Octets();
}

TEST(IkeCaptures, EveryMessageDecodesAndEncodesToItself) {
  const fs::path data = fs::path(MPSEC_SHARED_DIR) / "data";
  if (!fs::is_directory(data)) GTEST_SKIP() << data << " is absent";
  int decoded = 0, encrypted = 0, old = 0;
  for (const auto& entry : fs::recursive_directory_iterator(data)) {
    if (!entry.path().extension().string().starts_with(".pcap")) continue;
    for_each_packet(entry.path().string(), [&](OctetView datagram) {
      const Octets octets = ike_message_in(datagram);
      if (octets.empty()) return;
      const auto message = decode_message(octets);
      if (!message && message.error().blame == Blame::no_common_ground) {
        EXPECT_TRUE(message.error().path.starts_with("IKEv1/")) << to_string(message.error());
        ++old;
        return;
      }
      if (!message) {
        // tcpdump's own captures are there to try its parser: some are malformed on purpose.
        EXPECT_EQ(entry.path().parent_path().filename(), "tcpdump") << to_string(message.error());
        std::cout << entry.path().filename().string() << ": " << to_string(message.error()) << '\n';
        return;
      }
      EXPECT_EQ(to_hex(encode(*message)), to_hex(octets)) << entry.path();
      ++decoded;
      encrypted += find<Encrypted>(message->payloads) != nullptr;
    });
  }
  std::cout << decoded << " messages of IKEv2 decoded, " << encrypted << " of them encrypted; " << old
            << " of IKEv1\n";
  EXPECT_GT(decoded - encrypted, 0);
  EXPECT_GT(encrypted, 0);
}

}  // namespace
}  // namespace mpsec::wire::ike
