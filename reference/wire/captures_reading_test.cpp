#include <fstream>
#include <iterator>
#include <optional>

#include "wire/captures_test.hpp"

namespace mpsec::wire {
namespace {

Octets contents_of(const std::string& path) {
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

struct Capture {
  OctetView octets;
  bool swapped;
  const std::function<void(OctetView)>& see;
  std::uint32_t link_type = 0;

  std::uint32_t number(std::size_t at) const {
    const auto value = load_be<std::uint32_t>(&octets[at]);
    return swapped ? std::byteswap(value) : value;
  }
  // The frame whose kept and original lengths stand at `at`, its octets at `frame_at`; false where cut off.
  bool frame(std::size_t at, std::size_t frame_at) const {
    const std::uint32_t kept = number(at), original = number(at + 4);
    if (frame_at > octets.size() || kept > octets.size() - frame_at) return false;
    const OctetView frame = octets.subspan(frame_at, kept);
    const auto start = ip_offset(link_type, frame);
    if (start && kept == original && *start <= kept) see(frame.subspan(*start));
    return true;
  }
};

void read_classic(Capture capture) {
  capture.link_type = capture.number(20);
  for (std::size_t at = 24; at + 16 <= capture.octets.size(); at += 16 + capture.number(at + 8))
    if (!capture.frame(at + 8, at + 16)) return;
}

void read_pcapng(Capture capture) {
  constexpr std::uint32_t interface_description = 1, enhanced_packet = 6;
  for (std::size_t at = 0; at + 28 <= capture.octets.size();) {
    const std::uint32_t type = capture.number(at), length = capture.number(at + 4);
    if (length < 12) return;
    if (type == interface_description)
      capture.link_type = capture.swapped ? capture.number(at + 8) & 0xffff : capture.number(at + 8) >> 16;
    if (type == enhanced_packet && !capture.frame(at + 20, at + 28)) return;
    at += length;
  }
}

}  // namespace

void for_each_packet(const std::string& path, const std::function<void(OctetView)>& see) {
  const Octets octets = contents_of(path);
  if (octets.size() < 24) return;
  const auto magic = load_be<std::uint32_t>(octets.data());
  if (magic == 0xa1b2c3d4 || magic == 0xd4c3b2a1)
    read_classic({octets, magic == 0xd4c3b2a1, see});
  else if (magic == 0x0a0d0d0a)
    read_pcapng({octets, load_be<std::uint32_t>(&octets[8]) == 0x4d3c2b1a, see});
}

}  // namespace mpsec::wire
