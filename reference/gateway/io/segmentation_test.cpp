#include "gateway/io/segmentation.hpp"

#include <gmock/gmock.h>
#include <rapidcheck/gtest.h>

#include "gateway/io/test_network.hpp"
#include "wire/header_walk.hpp"
#include "wire/tcp.hpp"

namespace mpsec::gateway {
namespace {

using wire::TcpHeader;

struct Large {
  Octets packet;
  std::size_t segment;
};

// A large packet as a host hands it to a device that cuts: the checksum is that of the pseudo header.
Octets large_packet(bool v4, bool tcp, std::size_t payload, std::uint8_t flags, std::size_t options = 12) {
  Octets upper(tcp ? 20 + options : 8);
  for (std::size_t i = 0; i < payload; ++i)
    upper.push_back(static_cast<std::uint8_t>(i * 7 + i / 251));
  store_be<std::uint32_t>(upper.data(), 0x1234'5678);
  if (tcp) {
    store_be<std::uint32_t>(upper.data() + 4, 0xffff'fff0);  // the sequence number wraps
    store_be<std::uint32_t>(upper.data() + 8, 0x0102'0304);
    upper[12] = static_cast<std::uint8_t>((5 + options / 4) << 4);
    upper[13] = flags;
    std::fill_n(upper.begin() + 20, options, 1);
  } else {
    store_be(upper.data() + 4, static_cast<std::uint16_t>(upper.size()));
  }
  const IpAddress from = v4 ? ip("10.0.0.1") : ip("fd00::1"), to = v4 ? ip("10.0.0.2") : ip("fd00::2");
  const std::uint8_t protocol = tcp ? wire::protocol::tcp : wire::protocol::udp;
  store_be(upper.data() + (tcp ? 16 : 6), wire::pseudo_header_sum(from.octets(), to.octets(), protocol,
                                                                  static_cast<std::uint32_t>(upper.size()))
                                              .folded());
  return test::ip_packet(
      from, to, protocol, upper,
      {.traffic_class = 0x2a, .dont_fragment = payload % 2 == 0, .identification = 0xfffe});
}

std::vector<Octets> cut(const Octets& packet, std::size_t segment) {
  const auto plan = PacketCut::of(packet, segment);
  std::vector<Octets> segments;
  for (std::size_t i = 0; plan && i < plan->count(); ++i)
    plan->write(i, segments.emplace_back(plan->size(i)).data());
  return segments;
}

// The packets that rows of these make.
std::vector<Octets> joined(std::span<const Octets> packets) {
  std::vector<Octets> result;
  PacketRow row;
  const auto end_row = [&] {
    if (row.count() < 2)
      return static_cast<void>(result.emplace_back(row.first().begin(), row.first().end()));
    std::array<std::uint8_t, PacketRow::largest_header> room;
    const OctetView header = row.write_header(room);
    Octets& whole = result.emplace_back(header.begin(), header.end());
    for (const OctetView payload : row.payloads())
      append(whole, payload);
  };
  for (std::size_t i = 0; i < packets.size(); ++i) {
    if (i > 0 && row.add(packets[i])) continue;
    if (i > 0) end_row();
    row.begin(packets[i]);
  }
  if (!packets.empty()) end_row();
  return result;
}

bool checksums_hold(const Octets& packet) {
  const auto walk = wire::walk_headers(packet);
  if (!walk || walk->total_length != packet.size()) return false;
  const bool v4 = walk->version == IpVersion::v4;
  if (v4 && !wire::OnesComplementSum().add(OctetView(packet).first(20)).holds()) return false;
  const OctetView addresses = OctetView(packet).subspan(v4 ? 12 : 8, v4 ? 8 : 32),
                  upper = OctetView(packet).subspan(walk->upper_at);
  return wire::pseudo_header_sum(addresses.first(addresses.size() / 2), addresses.last(addresses.size() / 2),
                                 walk->protocol, static_cast<std::uint32_t>(upper.size()))
      .add(upper)
      .holds();
}

rc::Gen<Large> any_large() {
  return rc::gen::exec([] {
    const bool v4 = *rc::gen::arbitrary<bool>(), tcp = *rc::gen::arbitrary<bool>();
    const auto flags =
        static_cast<std::uint8_t>(TcpHeader::ack | *rc::gen::elementOf(std::vector<int>{
                                                       0, TcpHeader::psh, TcpHeader::fin, TcpHeader::cwr,
                                                       TcpHeader::cwr | TcpHeader::ece | TcpHeader::psh}));
    const std::size_t segment = *rc::gen::inRange<std::size_t>(1, 1500);
    const std::size_t most = std::min<std::size_t>(segment * PacketRow::most, 65'000);
    const std::size_t payload = *rc::gen::inRange<std::size_t>(1, most + 1);
    return Large{large_packet(v4, tcp, payload, flags, *rc::gen::inRange<std::size_t>(0, 11) * 4), segment};
  });
}

RC_GTEST_PROP(Segmentation, CutThenJoinedIsTheSamePacket, ()) {
  const auto [packet, segment] = *any_large();
  const auto segments = cut(packet, segment);
  RC_ASSERT(!segments.empty());
  const auto back = joined(segments);
  RC_ASSERT(back.size() == 1u);
  // A packet that needed no cutting comes with its checksum complete.
  RC_ASSERT(segments.size() == 1 || back[0] == packet);
}

RC_GTEST_PROP(Segmentation, EverySegmentIsAPacketWhoseChecksumsHold, ()) {
  const auto [packet, segment] = *any_large();
  for (const Octets& one : cut(packet, segment))
    RC_ASSERT(checksums_hold(one));
}

// One octet changed in one of the segments: it may go into another row or the same, but nothing is lost,
// and cutting gives back what there was.
RC_GTEST_PROP(Segmentation, JoinedThenCutIsTheSameRowWhateverIsInIt, ()) {
  const auto [packet, segment] = *any_large();
  auto segments = cut(packet, segment);
  Octets& damaged = segments[*rc::gen::inRange<std::size_t>(0, segments.size())];
  const std::size_t at = *rc::gen::inRange<std::size_t>(0, std::min<std::size_t>(damaged.size(), 100));
  damaged[at] ^= *rc::gen::inRange<std::uint8_t>(1, 255);
  std::vector<Octets> back;
  for (const Octets& whole : joined(segments)) {
    const bool as_it_was = std::ranges::find(segments, whole) != segments.end();
    for (const Octets& one : as_it_was ? std::vector<Octets>{whole} : cut(whole, segment))
      back.push_back(one);
  }
  RC_ASSERT(back == segments);
}

RC_GTEST_PROP(Segmentation, ACompletedChecksumHolds, ()) {
  auto [packet, segment] = *any_large();
  const bool v4 = packet[0] >> 4 == 4;
  const bool tcp = packet[v4 ? 9 : 6] == wire::protocol::tcp;
  RC_ASSERT(complete_checksum(packet, v4 ? 20 : 40, tcp ? 16 : 6));
  RC_ASSERT(checksums_hold(packet));
}

TEST(Segmentation, FlagsStandWhereTheyBelong) {
  const auto segments =
      cut(large_packet(true, true, 2500, TcpHeader::ack | TcpHeader::cwr | TcpHeader::psh | TcpHeader::fin),
          1000);
  ASSERT_EQ(segments.size(), 3u);
  EXPECT_EQ(segments[0][20 + 13], TcpHeader::ack | TcpHeader::cwr);
  EXPECT_EQ(segments[1][20 + 13], +TcpHeader::ack);
  EXPECT_EQ(segments[2][20 + 13], TcpHeader::ack | TcpHeader::psh | TcpHeader::fin);
  EXPECT_EQ(load_be<std::uint32_t>(segments[1].data() + 24), 0xffff'fff0u + 1000u);
  EXPECT_EQ(load_be<std::uint16_t>(segments[2].data() + 4), 0u) << "identification 0xfffe, counted on";
}

TEST(Segmentation, WhatIsNoPlainTcpOrUdpIsNotCut) {
  const Octets good = large_packet(true, true, 3000, TcpHeader::ack);
  EXPECT_TRUE(PacketCut::of(good, 1000));
  EXPECT_FALSE(PacketCut::of(good, 0));
  EXPECT_FALSE(PacketCut::of(OctetView(good).first(100), 1000)) << "truncated";
  EXPECT_FALSE(PacketCut::of({}, 1000));
  EXPECT_FALSE(PacketCut::of(large_packet(true, true, 0, TcpHeader::ack), 1000)) << "no payload";
  const auto with = [&](std::size_t at, std::uint8_t octet) {
    Octets bad = good;
    bad[at] = octet;
    return bad;
  };
  EXPECT_FALSE(PacketCut::of(with(9, wire::protocol::icmp), 1000));
  EXPECT_FALSE(PacketCut::of(with(6, 0x20), 1000)) << "a fragment";
  EXPECT_FALSE(PacketCut::of(with(20 + 12, 0x40), 1000)) << "a TCP header of 16 octets";
}

// Each bend of the second of two packets keeps it out of the row.
TEST(Segmentation, OnlyWhatContinuesARowJoinsIt) {
  const auto segments = cut(large_packet(true, true, 3001, TcpHeader::ack), 1000);
  struct Bend {
    const char* what;
    std::size_t at;
    std::uint8_t change;
  };
  for (const auto& [what, at, change] :
       {Bend{"traffic class", 1, 1}, Bend{"identification", 5, 4}, Bend{"DF", 6, 0x40}, Bend{"TTL", 8, 1},
        Bend{"source", 15, 1}, Bend{"destination", 19, 1}, Bend{"port", 21, 1}, Bend{"sequence", 27, 1},
        Bend{"acknowledgment", 31, 1}, Bend{"SYN", 33, 2}, Bend{"CWR", 33, 0x80}, Bend{"ECE", 33, 0x40},
        Bend{"window", 35, 1}, Bend{"urgent pointer", 39, 1}, Bend{"option", 41, 3}}) {
    Octets bent = segments[1];
    bent[at] ^= change;
    wire::store_ipv4_checksum(bent.data(), 20);
    store_be<std::uint16_t>(bent.data() + 36, 0);
    const OctetView view = bent, upper = view.subspan(20);
    const auto length = static_cast<std::uint32_t>(upper.size());
    store_be(
        bent.data() + 36,
        wire::pseudo_header_sum(view.subspan(12, 4), view.subspan(16, 4), 6, length).add(upper).checksum());
    ASSERT_TRUE(checksums_hold(bent));
    PacketRow row;
    row.begin(segments[0]);
    EXPECT_FALSE(row.add(bent)) << what;
    EXPECT_TRUE(row.add(segments[1])) << what << " leaves the row as it was";
  }
  Octets damaged = segments[1];
  damaged.back() ^= 1;
  PacketRow row;
  row.begin(segments[0]);
  EXPECT_FALSE(row.add(damaged)) << "a wrong checksum";
}

TEST(Segmentation, AtomicPacketsMayHaveTheSameIdentificationAll) {
  auto segments = cut(large_packet(true, true, 4000, TcpHeader::ack), 1000);
  for (Octets& segment : segments) {
    store_be<std::uint16_t>(segment.data() + 4, 0);
    wire::store_ipv4_checksum(segment.data(), 20);
  }
  EXPECT_EQ(joined(segments).size(), 1u);
  store_be<std::uint16_t>(segments[2].data() + 4, 2);
  wire::store_ipv4_checksum(segments[2].data(), 20);
  EXPECT_EQ(joined(segments).size(), 3u);
}

TEST(Segmentation, AChecksumOutsideThePacketIsRefused) {
  Octets packet(30, 1);
  EXPECT_TRUE(complete_checksum(packet, 20, 8));
  const Octets before = packet;
  EXPECT_FALSE(complete_checksum(packet, 20, 9));
  EXPECT_FALSE(complete_checksum(packet, 29, 0));
  EXPECT_FALSE(complete_checksum(packet, 31, 0));
  EXPECT_FALSE(complete_checksum(packet, 0, ~std::size_t{0}));
  EXPECT_EQ(packet, before);
}

}  // namespace
}  // namespace mpsec::gateway
