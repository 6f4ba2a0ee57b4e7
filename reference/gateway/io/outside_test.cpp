#include "gateway/io/outside.hpp"

#include <gmock/gmock.h>
#include <thread>

#include "gateway/io/test_outside.hpp"

namespace mpsec::gateway {
namespace {

using test::as_sent;
using test::in_network;
using test::Link;
using test::OutsideOf;
using test::Sides;
using test::text;
using testing::SizeIs;

INSTANTIATE_TEST_SUITE_P(Traffic, OutsideOf, testing::Values(test::v4_sides, test::v6_sides),
                         test::family_of);

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

// What one of them sets at the socket for its packet, DF, must not become the other's.
TEST_P(OutsideOf, TwoThreadsSendThroughTheSameSockets) {
  in_network([&] {
    constexpr std::size_t each = 100;
    Link link;
    const auto& [ours, too, theirs] = GetParam();
    const auto sender = link.outside().make_sender();
    const auto packet = [&, from = ours, to = theirs](bool dont_fragment) {
      return test::udp_packet({from, 4500}, {to, 4500},
                              text(dont_fragment ? "12345678 whole" : "12345678 pieces"),
                              {.dont_fragment = dont_fragment});
    };
    const auto send_all = [&](auto& outside, bool dont_fragment) {
      for (std::size_t i = 0; i < each; ++i) {
        ipsec::HeldPacket held(packet(dont_fragment));
        outside.send(std::span<const ipsec::PacketBuffer>(&held.buffer(), 1));
      }
    };
    std::thread other([&] { send_all(*sender, true); });
    send_all(link.outside(), false);
    other.join();
    const auto sent = test::read(link.wire(), 2 * each);
    ASSERT_THAT(sent, SizeIs(2 * each));
    const auto count = [&](bool dont_fragment) {
      return static_cast<std::size_t>(std::ranges::count_if(
          sent, [&](const Octets& one) { return as_sent(one) == as_sent(packet(dont_fragment)); }));
    };
    EXPECT_EQ(count(true), each);
    EXPECT_EQ(count(false), each);
    EXPECT_EQ(sender->counters().sent.packets, each);
    EXPECT_EQ(link.outside().counters().sent.packets, each);
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

TEST_P(OutsideOf, WhatPolicyBypassesLeavesInTheClear) {
  in_network([&] {
    Link link;
    const auto& [ours, too, theirs] = GetParam();
    const Octets packet = test::udp_packet({too, 53}, {theirs, 53}, text("query"));
    EXPECT_THAT(link.sent(packet), testing::ElementsAre(packet));
  });
}

}  // namespace
}  // namespace mpsec::gateway
