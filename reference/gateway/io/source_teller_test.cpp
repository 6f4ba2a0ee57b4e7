#include "gateway/io/source_teller.hpp"

#include <gmock/gmock.h>
#include <netinet/icmp6.h>
#include <netinet/ip_icmp.h>
#include <sys/capability.h>

#include "gateway/io/test_network.hpp"
#include "ipsec/icmp_errors.hpp"

namespace mpsec::gateway {
namespace {

using test::in_network;
using testing::HasSubstr;

IpAddress host_address(bool v4) {
  return *IpAddress::parse(v4 ? "10.10.1.1" : "fd00:10:1::1");
}
// The host is this one, by an interface that has its addresses.
std::unique_ptr<Tun> host() {
  auto tun =
      Tun::open({.name = "host%d", .addresses = {{host_address(true), 24}, {host_address(false), 64}}});
  EXPECT_TRUE(tun) << to_string(tun.error());
  return tun ? *std::move(tun) : nullptr;
}

// What was too large came from a local address, and ours on the outer side is another.
ipsec::HeldPacket too_big(bool v4) {
  const IpAddress source = host_address(v4);
  const IpAddress to = *IpAddress::parse(v4 ? "192.0.2.7" : "2001:db8::7");
  const IpAddress own = *IpAddress::parse(v4 ? "198.51.100.1" : "2001:db8:1::1");
  const Octets packet = test::udp_packet({source, 1}, {to, 2}, Octets(1300), {.dont_fragment = true});
  auto message = ipsec::packet_too_big(packet, own, 1290);
  EXPECT_TRUE(message) << "no reply: " << static_cast<int>(message.error());
  return message ? *std::move(message) : ipsec::HeldPacket(packet);
}

Octets received(int socket) {
  Octets octets(2000);
  EXPECT_TRUE(test::readable(socket));
  octets.resize(static_cast<std::size_t>(
      std::max<ssize_t>(0, ::recv(socket, octets.data(), octets.size(), MSG_DONTWAIT))));
  return octets;
}

// N023: written to the tunnel interface, they came in with a local address and were dropped, and TCP stood
// still.
TEST(SourceTeller, N023SendsFromTheAddressOnTheWayToTheSource) {
  in_network([] {
    const auto interface = host();
    const auto teller = SourceTeller::open();
    ASSERT_TRUE(teller) << to_string(teller.error());
    const FileDescriptor socket(::socket(AF_INET, SOCK_RAW | SOCK_CLOEXEC, IPPROTO_ICMP));
    ipsec::HeldPacket message = too_big(true);
    teller->tell({&message.buffer(), 1});
    const Octets packet = received(socket.number());
    ASSERT_GE(packet.size(), 20u);
    EXPECT_EQ(IpAddress::v4(packet.data() + 12), host_address(true));
    ASSERT_GE(packet.size(), 28u);
    EXPECT_EQ(packet[20], ICMP_DEST_UNREACH);
    EXPECT_EQ(packet[21], ICMP_FRAG_NEEDED);
    EXPECT_EQ(load_be<std::uint16_t>(packet.data() + 26), 1290);
  });
}

TEST(SourceTeller, SendsIcmpv6WithItsChecksum) {
  in_network([] {
    const auto interface = host();
    const auto teller = SourceTeller::open();
    ASSERT_TRUE(teller) << to_string(teller.error());
    const FileDescriptor socket(::socket(AF_INET6, SOCK_RAW | SOCK_CLOEXEC, IPPROTO_ICMPV6));
    ipsec::HeldPacket message = too_big(false);
    // Now and then the kernel has no use yet for the IPv6 address of an interface that it was just given.
    for (int tries = 0; tries < 20; ++tries) {
      teller->tell({&message.buffer(), 1});
      if (test::readable(socket.number(), 100)) break;
    }
    const Octets icmp = received(socket.number());  // whose checksum the kernel has looked at
    ASSERT_GE(icmp.size(), 8u);
    EXPECT_EQ(icmp[0], ICMP6_PACKET_TOO_BIG);
    EXPECT_EQ(load_be<std::uint32_t>(icmp.data() + 4), 1290u);
  });
}

TEST(SourceTeller, WithoutPrivilegesTheErrorSaysWhichOneIsMissing) {
  in_network([] {
    cap_t none = cap_init();  // of this thread, which ends with the test
    ASSERT_EQ(cap_set_proc(none), 0);
    cap_free(none);
    const auto teller = SourceTeller::open();
    ASSERT_FALSE(teller);
    EXPECT_THAT(to_string(teller.error()), HasSubstr("CAP_NET_RAW: start as root"));
  });
}

}  // namespace
}  // namespace mpsec::gateway
