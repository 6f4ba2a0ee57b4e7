// An SA whose ends have moved.
#include <gtest/gtest.h>

#include "ipsec/data_path_test_support.hpp"

namespace mpsec::ipsec::test {
namespace {

// A peer that a NAT has moved: keys and numbers go on, also to another family and other ports.
TEST(DataPath, AMovedSaSendsOnWithTheNumbersThatFollow) {
  Gateway gateway;
  gateway.add(SaPlan{.udp = true});
  gateway.send(udp_packet(false, 20));
  gateway.out().move(ip("2001:db8::1"), ip("2001:db8::9"),
                     UdpEncapsulation{.source_port = 4500, .destination_port = 1024, .original = {}});
  const auto sent = gateway.send(udp_packet(false, 20));
  ASSERT_EQ(sent.fate, Fate::protected_);
  EXPECT_EQ(sent.packet[0] >> 4, 6);
  EXPECT_EQ(IpAddress::v6(sent.packet.data() + 24), ip("2001:db8::9"));
  EXPECT_EQ(load_be<std::uint16_t>(sent.packet.data() + 42), 1024);
  EXPECT_EQ(load_be<std::uint32_t>(sent.packet.data() + 48 + 4), 2u) << "the number that follows";
  EXPECT_EQ(gateway.out().last_sent(), 2u);
}

}  // namespace
}  // namespace mpsec::ipsec::test
