// What the network and this host refuse: reports, counters, errors of opening.
#include <gmock/gmock.h>
#include <sys/capability.h>

#include "gateway/io/outside.hpp"
#include "gateway/io/test_outside.hpp"
#include "ipsec/icmp_errors.hpp"

namespace mpsec::gateway {
namespace {

using test::in_network;
using test::Link;
using test::text;
using test::v4_sides;
using test::v6_sides;
using testing::HasSubstr;
using testing::SizeIs;

class OutsideRefusals : public test::OutsideOf {};
INSTANTIATE_TEST_SUITE_P(Refusals, OutsideRefusals, testing::Values(v4_sides, v6_sides), test::family_of);

TEST_P(OutsideRefusals, ARawPacketTooLargeForTheInterfaceIsReportedWithItsSpi) {
  in_network([&] {
    Link link;
    const auto& [ours, too, theirs] = GetParam();
    Octets payload(1600);
    store_be<std::uint32_t>(payload.data(), 0x1234'5678);
    EXPECT_THAT(
        link.sent(test::ip_packet(ours, theirs, wire::protocol::esp, payload, {.dont_fragment = true}), 0),
        SizeIs(0));
    EXPECT_EQ(link.outside().counters().unsent.too_big, 1u);
    const auto reports = link.outside().take_reports();
    ASSERT_THAT(reports, SizeIs(1));
    EXPECT_EQ(reports[0].kind, PathReport::Kind::too_big);
    EXPECT_EQ(reports[0].mtu, 1500u);
    EXPECT_EQ(reports[0].remote, (Endpoint{theirs, 0}));
    const auto told = ipsec::read_too_big(reports[0].icmp);
    ASSERT_TRUE(told) << to_string(told.error());
    EXPECT_EQ(told->spi, Spi(0x1234'5678));
    EXPECT_EQ(told->mtu, 1500u);
    EXPECT_EQ(told->size, payload.size() + (ours.is_v4() ? 20 : 40));
  });
}

TEST_P(OutsideRefusals, UdpTooLargeForTheInterfaceIsReportedWithItsSpi) {
  in_network([&] {
    Link link;
    const auto& [ours, too, theirs] = GetParam();
    Octets payload(1600);
    store_be<std::uint32_t>(payload.data(), 0x1234'5678);
    const Octets packet = test::udp_packet({ours, 4500}, {theirs, 4500}, payload, {.dont_fragment = true});
    std::vector<Octets> row(3, packet);
    EXPECT_THAT(link.sent(row, 0), SizeIs(0));
    EXPECT_EQ(link.outside().counters().unsent.too_big, 3u);
    const auto reports = link.outside().take_reports();
    ASSERT_THAT(reports, SizeIs(3));
    const auto told = ipsec::read_too_big(reports[0].icmp);
    ASSERT_TRUE(told) << to_string(told.error());
    EXPECT_EQ(told->spi, Spi(0x1234'5678));
    EXPECT_EQ(told->size, packet.size());
    EXPECT_EQ(told->udp, (ipsec::TooBigReport::Ports{4500, 4500}));
  });
}

TEST(Outside, AnIpv4PacketThatMayBeCutIsCutToTheInterface) {
  in_network([] {
    Link link;
    Octets payload(1600, 7);
    const Octets raw = test::ip_packet(v4_sides.ours, v4_sides.theirs, wire::protocol::esp, payload);
    EXPECT_THAT(link.sent(raw, 2), SizeIs(2));
    EXPECT_EQ(link.outside().counters().fragmented, 1u);
    const Octets udp = test::udp_packet({v4_sides.ours, 4500}, {v4_sides.theirs, 4500}, payload);
    std::vector<Octets> row(3, udp);
    EXPECT_THAT(link.sent(row, 6), SizeIs(6));
    EXPECT_EQ(link.outside().counters().unsent, OutsideCounters::Unsent{});
    EXPECT_THAT(link.outside().take_reports(), SizeIs(0));
  });
}

TEST_P(OutsideRefusals, WhatARouterSaysOfAPacketIsReported) {
  in_network([&] {
    Link link;
    const auto& [ours, too, theirs] = GetParam();
    const IpAddress router = ours.is_v4() ? ip("192.0.2.9") : ip("2001:db8::9");
    Octets payload(1300);
    store_be<std::uint32_t>(payload.data(), 0x1234'5678);
    const Octets raw = test::ip_packet(ours, theirs, wire::protocol::esp, payload, {.dont_fragment = true});
    const Octets udp = test::udp_packet({ours, 4500}, {theirs, 4500}, payload, {.dont_fragment = true});
    for (const Octets& packet : {raw, udp}) {
      const auto sent = link.sent(packet);
      ASSERT_THAT(sent, SizeIs(1));
      const auto icmp = ipsec::packet_too_big(sent[0], router, 1280);
      ASSERT_TRUE(icmp);
      test::write(link.wire(), icmp->octets());
      EXPECT_TRUE(link.receive_once());
      const auto reports = link.outside().take_reports();
      ASSERT_THAT(reports, SizeIs(1));
      EXPECT_EQ(reports[0].kind, PathReport::Kind::too_big);
      EXPECT_EQ(reports[0].reporter, router);
      EXPECT_EQ(reports[0].mtu, 1280u);
      EXPECT_EQ(reports[0].remote.address, theirs);
      const auto told = ipsec::read_too_big(reports[0].icmp);
      ASSERT_TRUE(told) << to_string(told.error());
      EXPECT_EQ(told->spi, Spi(0x1234'5678));
      EXPECT_EQ(told->mtu, 1280u);
      EXPECT_GT(told->size, 1280u);
    }
  });
}

TEST_P(OutsideRefusals, AnErrorOfAnEarlierPacketCostsTheNextOneNothing) {
  in_network([&] {
    Link link;
    const auto& [ours, too, theirs] = GetParam();
    const Octets packet = test::udp_packet({ours, 4500}, {theirs, 4500}, Octets(100, 1));
    const auto sent = link.sent(packet);
    ASSERT_THAT(sent, SizeIs(1));
    Octets refusal = GetParam().ours.is_v4() ? hex("03 03 0000 00000000") : hex("01 04 0000 00000000");
    append(refusal, sent[0]);
    test::write(link.wire(), test::icmp_packet(theirs, ours, refusal));
    EXPECT_THAT(link.sent(packet), SizeIs(1));
    const auto reports = link.outside().take_reports();
    ASSERT_THAT(reports, SizeIs(1));
    EXPECT_EQ(reports[0].kind, PathReport::Kind::refused);
    EXPECT_EQ(reports[0].local, (Endpoint{ours, 4500}));
    EXPECT_EQ(reports[0].remote, (Endpoint{theirs, 4500}));
    EXPECT_EQ(link.outside().counters().unsent, OutsideCounters::Unsent{});
  });
}

TEST(Outside, WhatHasNoSocketOrIsNoPacketIsCountedByCause) {
  in_network([] {
    Link link;
    link.outside().send(Datagram{{ip("192.0.2.77"), 500}, {ip("192.0.2.2"), 500}, text("x")});
    EXPECT_EQ(link.outside().counters().unsent.no_socket, 1u);
    EXPECT_THAT(link.sent(text("no packet at all"), 0), SizeIs(0));
    EXPECT_EQ(link.outside().counters().unsent.malformed, 1u);
    const Octets nowhere =
        test::ip_packet(ip("192.0.2.1"), ip("203.0.113.1"), wire::protocol::esp, text("12345678"));
    EXPECT_THAT(link.sent(nowhere, 0), SizeIs(0));
    EXPECT_EQ(link.outside().counters().unsent.unreachable, 1u);
  });
}

TEST(Outside, WhatFoundTheReceiveBufferFullIsCounted) {
  in_network([] {
    Link link({{v4_sides.ours}}, {.receive_buffer = 4096});
    EXPECT_EQ(link.outside().lost_before_reading(), 0u);
    for (int i = 0; i < 100; ++i)
      test::write(link.wire(), test::udp_packet({v4_sides.theirs, 500}, {v4_sides.ours, 500}, Octets(1000)));
    EXPECT_GT(link.outside().lost_before_reading(), 50u);
    link.receive(1);
    EXPECT_EQ(link.ike.size() + link.outside().lost_before_reading(), 100u);
  });
}

std::string error_of(const std::vector<ListenAddress>& listen) {
  const auto result = Outside::open(listen);
  return result ? "none" : to_string(result.error());
}

TEST(Outside, ErrorsNameTheThingAndTheRemedy) {
  in_network([] {
    Link link({{v4_sides.ours}});
    EXPECT_EQ(
        error_of({{v4_sides.ours}}),
        "listen 192.0.2.1: port 500: Address already in use; another IKE daemon or a second gateway has it: "
        "stop that one, or give another ike_port");
    EXPECT_EQ(
        error_of({{.address = v4_sides.ours, .ike_port = 0}}),
        "listen 192.0.2.1: port 4500: Address already in use; another IKE daemon or a second gateway has "
        "it: stop that one, or give another nat_port");
    EXPECT_EQ(
        error_of({{ip("198.51.100.1")}}),
        "listen 198.51.100.1: port 500: Cannot assign requested address; no interface has this address, or "
        "it is still looked for duplicates (IPv6): add it, or correct the listen address; `ip address` "
        "lists what is there");
    EXPECT_EQ(
        error_of({{.address = v4_sides.ours_too, .interface = "nosuch"}}),
        "listen 192.0.2.100: interface \"nosuch\": No such device; correct its name; `ip link` lists what "
        "is there");
    EXPECT_THAT(error_of({{v6_sides.ours}, {v6_sides.ours}}),
                HasSubstr("listen 2001:db8::1: port 500: Address already"));
    EXPECT_THAT(error_of({{.address = v6_sides.ours, .ike_port = 0, .nat_port = 0},
                          {.address = v6_sides.ours, .ike_port = 0, .nat_port = 0}}),
                HasSubstr("listen 2001:db8::1: the address is there twice"));
    EXPECT_THAT(error_of({}), HasSubstr("listen: no address is given"));
    EXPECT_THAT(error_of({{ip("fe80::1")}}), HasSubstr("needs the interface it is meant at"));
  });
}

TEST(Outside, WithoutPrivilegesTheErrorSaysWhichOneIsMissing) {
  in_network([] {
    cap_t none = cap_init();  // of this thread, which ends with the test
    ASSERT_EQ(cap_set_proc(none), 0);
    cap_free(none);
    const IpAddress here = ip("127.0.0.1");
    EXPECT_EQ(
        error_of({{.address = here, .ike_port = 5000, .nat_port = 5500}}),
        "listen 127.0.0.1: raw ESP: Operation not permitted; raw sockets need CAP_NET_RAW: start as root, or "
        "set raw = false");
    EXPECT_EQ(
        error_of({{.address = here, .raw = false}}),
        "listen 127.0.0.1: port 500: Permission denied; ports below 1024 need CAP_NET_BIND_SERVICE: start "
        "as root, or give a higher port");
    EXPECT_EQ(error_of({{.address = here, .ike_port = 5000, .nat_port = 5500, .raw = false}}), "none");
  });
}

}  // namespace
}  // namespace mpsec::gateway
