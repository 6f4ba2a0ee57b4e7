#include "gateway/io/outside.hpp"

#include <gmock/gmock.h>
#include <set>
#include <sys/capability.h>

#include "gateway/io/test_network.hpp"
#include "ipsec/icmp_errors.hpp"
#include "wire/icmp.hpp"

namespace mpsec::gateway {
namespace {

using test::in_network;
using test::text;
using testing::HasSubstr;
using testing::SizeIs;

// One family's addresses on both sides of a link.
struct Sides {
  IpAddress ours, ours_too, theirs;
};
const Sides v4_sides{ip("192.0.2.1"), ip("192.0.2.100"), ip("192.0.2.2")};
const Sides v6_sides{ip("2001:db8::1"), ip("2001:db8::100"), ip("2001:db8::2")};

// The gateway's sockets, and the link they are on: what is sent comes out of a TUN, as octets.
class Link {
 public:
  explicit Link(std::vector<ListenAddress> listen = {{v4_sides.ours}, {v6_sides.ours}},
                const OutsideOptions& options = {}, std::uint32_t mtu = 1500) {
    auto wire = Tun::open(
        {.name = "wire",
         .mtu = mtu,
         .addresses = {
             {v4_sides.ours, 24}, {v4_sides.ours_too, 24}, {v6_sides.ours, 64}, {v6_sides.ours_too, 64}}});
    EXPECT_TRUE(wire) << to_string(wire.error());
    wire_ = std::move(*wire);
    auto outside = Outside::open(listen, options);
    EXPECT_TRUE(outside) << to_string(outside.error());
    outside_ = std::move(*outside);
    test::until_answered(*wire_, v6_sides.ours, v6_sides.theirs);
    test::until_answered(*wire_, v6_sides.ours_too, v6_sides.theirs);
    test::drain(*wire_);
  }

  Tun& wire() { return *wire_; }
  Outside& outside() { return *outside_; }

  // Until so many packets and IKE messages are there together.
  void receive(std::size_t count) {
    while (packets.size() + ike.size() < count && receive_once()) {
    }
  }
  // What there is when something is there, be it an error only. False if nothing comes.
  bool receive_once() {
    std::vector<pollfd> waiting;
    for (const int descriptor : outside_->descriptors())
      waiting.push_back({descriptor, POLLIN, 0});
    const bool woken = ::poll(waiting.data(), waiting.size(), more_.empty() ? 2000 : 0) > 0 || !more_.empty();
    for (const pollfd& one : waiting) {
      bool more = one.revents != 0 || more_.contains(one.fd);
      while (more && packets.room() > 0)
        more = outside_->receive(one.fd, packets, ike);
      more ? static_cast<void>(more_.insert(one.fd)) : static_cast<void>(more_.erase(one.fd));
    }
    return woken;
  }
  Octets packet(std::size_t i) {
    const OctetView view = packets.packets()[i].view();
    return {view.begin(), view.end()};
  }
  std::vector<Octets> sent(std::span<Octets> wanted, std::size_t count) {
    std::vector<ipsec::HeldPacket> held;
    std::vector<ipsec::PacketBuffer> buffers;
    for (const Octets& packet : wanted)
      buffers.push_back(held.emplace_back(packet).buffer());
    outside_->send(buffers);
    return test::read(*wire_, count);
  }
  std::vector<Octets> sent(Octets packet, std::size_t count = 1) { return sent({&packet, 1}, count); }

  PacketBatch packets;
  std::vector<Datagram> ike;

 private:
  std::unique_ptr<Tun> wire_;
  std::unique_ptr<Outside> outside_;
  std::set<int> more_;  // descriptors that had more than there was room for
};

// Of IPv4 what the kernel chooses by itself: identification and, with it, the header's checksum; of UDP the
// checksum where `udp` says so.
Octets as_sent(Octets packet, bool udp = false) {
  const bool v4 = packet[0] >> 4 == 4;
  if (v4) store_be<std::uint16_t>(packet.data() + 4, 0), store_be<std::uint16_t>(packet.data() + 10, 0);
  if (udp) store_be<std::uint16_t>(packet.data() + (v4 ? 26 : 46), 0);
  if (!v4) store_be<std::uint16_t>(packet.data() + 2, 0), packet[1] &= 0xf0;  // the flow label
  return packet;
}

class OutsideOf : public testing::TestWithParam<Sides> {};
INSTANTIATE_TEST_SUITE_P(Families, OutsideOf, testing::Values(v4_sides, v6_sides),
                         [](const auto& family) { return family.param.ours.is_v4() ? "IPv4" : "IPv6"; });

TEST_P(OutsideOf, IkeComesAndGoesWithItsEndpoints) {
  in_network([&] {
    Link link;
    const auto& [ours, too, theirs] = GetParam();
    test::write(link.wire(), test::udp_packet({theirs, 500}, {ours, 500}, text("request")));
    link.receive(1);
    ASSERT_THAT(link.ike, SizeIs(1));
    EXPECT_EQ(link.ike[0], (Datagram{{ours, 500}, {theirs, 500}, text("request")}));
    link.outside().send(Datagram{{ours, 500}, {theirs, 501}, text("response")});
    const auto sent = test::read(link.wire(), 1);
    ASSERT_THAT(sent, SizeIs(1));
    EXPECT_EQ(as_sent(sent[0]), as_sent(test::udp_packet({ours, 500}, {theirs, 501}, text("response"))));
  });
}

TEST_P(OutsideOf, EspInUdpComesAsAWholeDatagramWithItsTrafficClass) {
  in_network([&] {
    Link link;
    const auto& [ours, too, theirs] = GetParam();
    const Octets packet =
        test::udp_packet({theirs, 40'000}, {ours, 4500}, text("12345678 sealed"), {.traffic_class = 0xbb});
    test::write(link.wire(), packet);
    link.receive(1);
    ASSERT_THAT(link.packets.packets(), SizeIs(1));
    EXPECT_EQ(as_sent(link.packet(0), true), as_sent(packet, true));
    EXPECT_EQ(link.outside().counters().received.octets, packet.size());
  });
}

TEST_P(OutsideOf, RawEspAndAhComeAsWholeDatagrams) {
  in_network([&] {
    Link link;
    const auto& [ours, too, theirs] = GetParam();
    for (const std::uint8_t protocol : {wire::protocol::esp, wire::protocol::ah}) {
      const Octets packet =
          test::ip_packet(theirs, ours, protocol, text("12345678 sealed"), {.traffic_class = 3});
      link.packets.clear();
      test::write(link.wire(), packet);
      link.receive(1);
      ASSERT_THAT(link.packets.packets(), SizeIs(1)) << int{protocol};
      EXPECT_EQ(link.packet(0), packet);
    }
  });
}

TEST_P(OutsideOf, RawPacketsLeaveAsTheyAre) {
  in_network([&] {
    Link link;
    const auto& [ours, too, theirs] = GetParam();
    for (const std::uint8_t protocol : {wire::protocol::esp, wire::protocol::ah, wire::protocol::tcp})
      for (const bool dont_fragment : {false, true}) {
        const Octets packet = test::ip_packet(ours, theirs, protocol, text("12345678 sealed 90"),
                                              {.traffic_class = 0x2e, .dont_fragment = dont_fragment});
        EXPECT_THAT(link.sent(packet), testing::ElementsAre(packet)) << int{protocol};
      }
  });
}

TEST_P(OutsideOf, UdpLeavesWithItsTrafficClassAndDf) {
  in_network([&] {
    Link link;
    const auto& [ours, too, theirs] = GetParam();
    for (const bool dont_fragment : {true, false, true}) {
      const Octets packet = test::udp_packet({ours, 4500}, {theirs, 4500}, text("12345678 sealed"),
                                             {.traffic_class = 0xba, .dont_fragment = dont_fragment});
      const auto sent = link.sent(packet);
      ASSERT_THAT(sent, SizeIs(1));
      EXPECT_EQ(to_hex(as_sent(sent[0])), to_hex(as_sent(packet)));
    }
  });
}

TEST_P(OutsideOf, OneSocketForAllAddressesAnswersFromTheOneThatWasAsked) {
  in_network([&] {
    const auto& [ours, too, theirs] = GetParam();
    const IpAddress any = ours.is_v4() ? IpAddress() : ip("::");
    Link link({{.address = any}});
    for (const IpAddress& local : {ours, too}) {
      test::write(link.wire(), test::udp_packet({theirs, 500}, {local, 500}, text("request")));
      test::write(link.wire(), test::udp_packet({theirs, 4500}, {local, 4500}, text("1234 sealed")));
      test::write(link.wire(), test::ip_packet(theirs, local, wire::protocol::esp, text("1234 sealed")));
      link.ike.clear(), link.packets.clear();
      link.receive(3);
      ASSERT_THAT(link.ike, SizeIs(1));
      EXPECT_EQ(link.ike[0].local, (Endpoint{local, 500}));
      link.outside().send(link.ike[0]);
      const auto answer = test::read(link.wire(), 1);
      ASSERT_THAT(answer, SizeIs(1));
      EXPECT_EQ(as_sent(answer[0]), as_sent(test::udp_packet({local, 500}, {theirs, 500}, text("request"))));
      const Octets udp = test::udp_packet({local, 4500}, {theirs, 4500}, text("1234 answer"));
      const Octets raw = test::ip_packet(local, theirs, wire::protocol::esp, text("1234 answer"));
      ASSERT_THAT(link.packets.packets(), SizeIs(2));
      EXPECT_THAT(link.sent(raw), testing::ElementsAre(raw));
      const auto in_udp = link.sent(udp);
      ASSERT_THAT(in_udp, SizeIs(1));
      EXPECT_EQ(as_sent(in_udp[0]), as_sent(udp));
    }
  });
}

// Rows of equal and unequal sizes, to two peers and with two traffic classes, as a batch and a half.
std::vector<Octets> mixed_rows(const Sides& sides) {
  std::vector<Octets> packets;
  for (std::size_t i = 0; i < 300; ++i) {
    const std::size_t size = i % 23 == 22 ? 200 : i % 50 == 49 ? 0 : i % 100 < 60 ? 1200 : 900;
    Octets payload(size, static_cast<std::uint8_t>(i));
    const std::uint16_t port = i % 120 < 90 ? 4500 : 4501;
    packets.push_back(test::udp_packet(
        {sides.ours, 4500}, {sides.theirs, port}, payload,
        {.traffic_class = static_cast<std::uint8_t>(i % 200 < 150 ? 0 : 2), .dont_fragment = i % 170 < 160}));
  }
  return packets;
}

TEST_P(OutsideOf, ALargeBatchLeavesInOrderAndAsTheSameOctetsWithSegmentationAndWithout) {
  for (const bool segmentation : {false, true}) {
    in_network([&] {
      Link link({{GetParam().ours}}, {.segmentation = segmentation});
      auto packets = mixed_rows(GetParam());
      const auto sent = link.sent(packets, packets.size());
      ASSERT_EQ(sent.size(), packets.size());
      for (std::size_t i = 0; i < sent.size(); ++i)
        ASSERT_EQ(to_hex(as_sent(sent[i])), to_hex(as_sent(packets[i]))) << "packet " << i;
      const auto& counted = link.outside().counters().sent;
      EXPECT_EQ(counted.packets, packets.size());
      if (segmentation)
        EXPECT_LT(counted.messages, packets.size() / 5);
      else
        EXPECT_EQ(counted.messages, packets.size());
    });
  }
}

TEST_P(OutsideOf, ManyPacketsArriveInOrderInRowsAndOneByOne) {
  for (const bool rows : {false, true}) {
    in_network([&] {
      Link link({{GetParam().ours}, {GetParam().ours_too}}, {.segmentation = rows});
      auto packets = mixed_rows(GetParam());
      for (Octets& packet : packets)  // from the one address to the other, within this host
        packet = test::udp_packet({GetParam().ours_too, 4500}, {GetParam().ours, 4500},
                                  OctetView(packet).subspan(GetParam().ours.is_v4() ? 28 : 48));
      std::size_t next = 0;
      for (std::size_t sent = 0; sent < packets.size(); sent += 100) {
        EXPECT_THAT(link.sent(std::span(packets).subspan(sent, 100), 0), SizeIs(0));
        while (next < sent + 100) {
          link.packets.clear();
          link.receive(1);
          ASSERT_FALSE(link.packets.empty()) << "after " << next;
          for (std::size_t i = 0; i < link.packets.size(); ++i, ++next) {
            ASSERT_EQ(as_sent(link.packet(i), true), as_sent(packets[next], true)) << "packet " << next;
            EXPECT_GE(link.packets.packets()[i].headroom(), ipsec::default_headroom);
            EXPECT_GE(link.packets.packets()[i].tailroom(), ipsec::default_tailroom);
          }
        }
      }
      const auto& counted = link.outside().counters().received;
      EXPECT_EQ(counted.packets, packets.size());
      if (rows)
        EXPECT_LT(counted.messages, packets.size() / 4);
      else
        EXPECT_EQ(counted.messages, packets.size());
    });
  }
}

TEST_P(OutsideOf, ARawPacketTooLargeForTheInterfaceIsReportedWithItsSpi) {
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

TEST_P(OutsideOf, UdpTooLargeForTheInterfaceIsReportedWithItsSpi) {
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

TEST_P(OutsideOf, WhatARouterSaysOfAPacketIsReported) {
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

TEST_P(OutsideOf, AnErrorOfAnEarlierPacketCostsTheNextOneNothing) {
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

TEST_P(OutsideOf, WhatPolicyBypassesLeavesInTheClear) {
  in_network([&] {
    Link link;
    const auto& [ours, too, theirs] = GetParam();
    const Octets packet = test::udp_packet({too, 53}, {theirs, 53}, text("query"));
    EXPECT_THAT(link.sent(packet), testing::ElementsAre(packet));
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
