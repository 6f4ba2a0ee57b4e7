#include "pcap-replay/capture/link_layer.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

namespace mpsec::replay {
namespace {

using Kind = LinkContent::Kind;

struct Sample {
  const char* what;
  LinkType link_type;
  const char* octets;
  Kind kind;
  std::size_t packet_at = 0;
};

const Sample sample_frames[] = {
    {"Ethernet, IPv4", LinkType::ethernet, "000000000000 000000000000 0800 45", Kind::ip, 14},
    {"Ethernet, IPv6", LinkType::ethernet, "000000000000 000000000000 86dd 60", Kind::ip, 14},
    {"VLAN", LinkType::ethernet, "000000000000 000000000000 8100 0001 0800 45", Kind::ip, 18},
    {"QinQ", LinkType::ethernet, "000000000000 000000000000 88a8 0001 8100 0002 86dd 60", Kind::ip, 22},
    {"three tags", LinkType::ethernet, "000000000000 000000000000 9100 0001 88a8 0001 8100 0002 0800 45",
     Kind::ip, 26},
    {"ARP", LinkType::ethernet, "000000000000 000000000000 0806 00", Kind::not_ip},
    {"IEEE 802.2", LinkType::ethernet, "000000000000 000000000000 0026 42", Kind::not_ip},
    {"Ethernet without type", LinkType::ethernet, "000000000000 000000000000 08", Kind::truncated},
    {"VLAN without type", LinkType::ethernet, "000000000000 000000000000 8100 0001", Kind::truncated},
    {"raw", LinkType::raw, "45", Kind::ip, 0},
    {"raw, empty", LinkType::raw, "", Kind::ip, 0},
    {"null, little-endian", LinkType::null, "02000000 45", Kind::ip, 4},
    {"null, big-endian", LinkType::null, "00000002 45", Kind::ip, 4},
    {"null, IPv6 of macOS", LinkType::null, "1e000000 60", Kind::ip, 4},
    {"null, IPv6 of Linux", LinkType::null, "0a000000 60", Kind::ip, 4},
    {"null, AppleTalk", LinkType::null, "10000000 60", Kind::not_ip},
    {"null, short", LinkType::null, "020000", Kind::truncated},
    {"loop", LinkType::loop, "00000018 60", Kind::ip, 4},
    {"cooked", LinkType::linux_sll, "0000 0001 0006 0000000000000000 0800 45", Kind::ip, 16},
    {"cooked, VLAN", LinkType::linux_sll, "0000 0001 0006 0000000000000000 8100 0001 0800 45", Kind::ip, 20},
    {"cooked, short", LinkType::linux_sll, "0000 0001 0006 0000000000000000 08", Kind::truncated},
    {"cooked 2", LinkType::linux_sll2, "86dd 0000 00000001 0001 00 06 0000000000000000 60", Kind::ip, 20},
    {"cooked 2, VLAN", LinkType::linux_sll2, "8100 0000 00000001 0001 00 06 0000000000000000 0001 0800 45",
     Kind::ip, 24},
    {"cooked 2, ARP", LinkType::linux_sll2, "0806 0000 00000001 0001 00 06 0000000000000000 60",
     Kind::not_ip},
    {"cooked 2, short", LinkType::linux_sll2, "86dd 0000 00000001 0001 00 06 00000000000000",
     Kind::truncated},
    {"unknown", static_cast<LinkType>(147), "45", Kind::unsupported},
};

TEST(LinkLayer, FindsThePacket) {
  for (const Sample& sample : sample_frames) {
    const Octets octets = hex(sample.octets);
    const auto content = strip_link_layer(sample.link_type, octets);
    EXPECT_EQ(content.kind, sample.kind) << sample.what;
    if (sample.kind == Kind::ip) {
      EXPECT_EQ(content.packet.size(), octets.size() - sample.packet_at) << sample.what;
    }
  }
}

TEST(LinkLayer, HasNames) {
  EXPECT_EQ(to_string(LinkType::linux_sll2), "Linux cooked 2");
  EXPECT_EQ(to_string(static_cast<LinkType>(147)), "link type 147");
}

RC_GTEST_PROP(LinkLayer, ThePacketIsTheEndOfTheFrame, (std::uint16_t number, const Octets& octets)) {
  const auto content = strip_link_layer(static_cast<LinkType>(number % 300), octets);
  if (content.kind == Kind::ip)
    RC_ASSERT(content.packet.data() + content.packet.size() == octets.data() + octets.size());
}

}  // namespace
}  // namespace mpsec::replay
