// Every packet of the captures under ../shared/data that decodes encodes to itself.
#include "wire/captures_test.hpp"

#include <filesystem>
#include <gtest/gtest.h>
#include <iostream>

#include "wire/packet.hpp"

namespace mpsec::wire {
namespace {

namespace fs = std::filesystem;

TEST(Captures, EveryPacketThatDecodesEncodesToItself) {
  const fs::path data = fs::path(MPSEC_SHARED_DIR) / "data";
  if (!fs::is_directory(data)) GTEST_SKIP() << data << " is absent";
  int decoded = 0, refused = 0;
  for (const auto& entry : fs::recursive_directory_iterator(data)) {
    if (!entry.path().extension().string().starts_with(".pcap")) continue;
    for_each_packet(entry.path().string(), [&](OctetView octets) {
      const auto packet = decode_packet(octets);
      if (packet) {
        ++decoded;
        EXPECT_EQ(to_hex(encode(*packet)), to_hex(octets)) << entry.path();
      } else {
        ++refused;
        std::cout << entry.path().filename().string() << ": " << to_string(packet.error()) << '\n';
      }
    });
  }
  std::cout << decoded << " packets decoded, " << refused << " refused\n";
  EXPECT_GT(decoded, 0);
}

}  // namespace
}  // namespace mpsec::wire
