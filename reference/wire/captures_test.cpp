// Every packet of the captures under ../shared/data that decodes encodes to itself.
#include <filesystem>
#include <fstream>
#include <gtest/gtest.h>
#include <iostream>
#include <iterator>

#include "wire/packet.hpp"

namespace mpsec::wire {
namespace {

namespace fs = std::filesystem;

Octets contents_of(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  const std::vector<char> characters{std::istreambuf_iterator<char>(file), {}};
  return {characters.begin(), characters.end()};
}

// Where the IP packet starts in a frame of this link type, or nothing.
std::optional<std::size_t> ip_offset(std::uint32_t link_type, OctetView frame) {
  if (link_type == 101 || link_type == 12) return 0;  // raw IP
  if (link_type == 0) return 4;                       // BSD loopback
  if (link_type != 1 || frame.size() < 14) return std::nullopt;
  const auto type = load_be<std::uint16_t>(&frame[12]);
  return type == 0x0800 || type == 0x86dd ? std::optional<std::size_t>(14) : std::nullopt;
}

// Hands the IP packet of every record of a capture in the classic format, whole ones only, to `see`. What the
// capture cut short is left out.
template <class See>
void for_each_packet(const Octets& capture, See see) {
  if (capture.size() < 24) return;
  const bool swapped = load_be<std::uint32_t>(capture.data()) == 0xd4c3b2a1;
  if (!swapped && load_be<std::uint32_t>(capture.data()) != 0xa1b2c3d4) return;
  const auto number = [&](std::size_t at) {
    const auto value = load_be<std::uint32_t>(&capture[at]);
    return swapped ? __builtin_bswap32(value) : value;
  };
  const std::uint32_t link_type = number(20);
  for (std::size_t at = 24; at + 16 <= capture.size();) {
    const std::uint32_t kept = number(at + 8), original = number(at + 12);
    at += 16;
    if (kept > capture.size() - at) return;
    const OctetView frame = OctetView(capture).subspan(at, kept);
    at += kept;
    const auto start = ip_offset(link_type, frame);
    if (start && kept == original && *start <= kept) see(frame.subspan(*start));
  }
}

TEST(Captures, EveryPacketThatDecodesEncodesToItself) {
  const fs::path data = fs::path(MPSEC_SHARED_DIR) / "data";
  if (!fs::is_directory(data)) GTEST_SKIP() << data << " is absent";
  int decoded = 0, refused = 0;
  for (const auto& entry : fs::recursive_directory_iterator(data)) {
    if (entry.path().extension() != ".pcap") continue;
    for_each_packet(contents_of(entry.path()), [&](OctetView octets) {
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
