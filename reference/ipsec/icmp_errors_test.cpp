#include "ipsec/icmp_errors.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "ipsec/test_packets.hpp"

namespace mpsec::ipsec {
namespace {

using namespace std::chrono_literals;
using test::counting;
using test::ipv4;
using test::ipv6;
using test::too_big_message;
using wire::Ipv4Header;

constexpr std::uint8_t df = Ipv4Header::dont_fragment;
const IpAddress own_v4 = ip("10.9.8.7"), own_v6 = ip("2001:db8::9");
const Octets esp = hex("c0ffee01 00000203 00112233445566778899aabbccddeeff");

std::string why(const Result<TooBigReport>& report) {
  return report ? "read" : to_string(report.error());
}
Blame blame(const Result<TooBigReport>& report) {
  return report.error().blame;
}

TEST(ReadTooBig, FindsTheSaInAnEspPacket) {
  //= rfc4301/8.2.1/report-is-mapped-to-its-sa
  const Octets quoted = ipv4(esp, {.flags = df, .protocol = 50});
  for (const std::size_t octets : {28u, 1500u}) {  // the least that RFC 792 asks for, and all
    const auto report = read_too_big(too_big_message(quoted, 1400, octets));
    ASSERT_TRUE(report) << why(report);
    EXPECT_EQ(*report, (TooBigReport{.reporter = ip("192.0.2.1"),
                                     .mtu = 1400,
                                     .source = ip("192.0.2.1"),
                                     .destination = ip("198.51.100.2"),
                                     .size = 44,
                                     .protocol = 50,
                                     .spi = Spi(0xc0ffee01),
                                     .sequence_number = 0x203}));
  }
}

TEST(ReadTooBig, FindsTheSaInAnIpv6Packet) {
  const Octets chain = hex("3200 0104 00000000");
  Octets behind_options = chain;
  append(behind_options, esp);
  const auto report = read_too_big(too_big_message(ipv6(60, behind_options), 1400));
  ASSERT_TRUE(report) << why(report);
  EXPECT_EQ(report->mtu, 1400u);
  EXPECT_EQ(report->spi, Spi(0xc0ffee01));
  EXPECT_EQ(report->size, 72u);
  EXPECT_EQ(report->destination, ip("2001:db8::2"));
  const auto first = test::fragment_chain({.next_header = 50, .more_fragments = 1}, esp);
  EXPECT_EQ(read_too_big(too_big_message(ipv6(44, first), 1400))->spi, Spi(0xc0ffee01));
  const auto later = test::fragment_chain({.next_header = 50, .fragment_offset = 9}, esp);
  const auto without = read_too_big(too_big_message(ipv6(44, later), 1400));
  ASSERT_TRUE(without) << why(without);
  EXPECT_FALSE(without->spi);
}

TEST(ReadTooBig, ReadsAhAndEspInUdp) {
  const auto ah = read_too_big(
      too_big_message(ipv4(hex("3204 0000 00000777 00000009 0000"), {.flags = df, .protocol = 51}), 1400));
  ASSERT_TRUE(ah) << why(ah);
  EXPECT_EQ(ah->spi, Spi(0x777));
  EXPECT_EQ(ah->sequence_number, 9u);
  Octets udp = hex("1194 2328 0020 0000");
  append(udp, esp);
  const Octets quoted = ipv4(udp, {.flags = df});
  const auto whole = read_too_big(too_big_message(quoted, 0));
  ASSERT_TRUE(whole) << why(whole);
  EXPECT_EQ(whole->mtu, 0u);
  EXPECT_EQ(whole->protocol, 50);
  EXPECT_EQ(whole->udp, (TooBigReport::Ports{4500, 9000}));
  EXPECT_EQ(whole->spi, Spi(0xc0ffee01));
  const auto least = read_too_big(too_big_message(quoted, 1400, 28));
  ASSERT_TRUE(least) << why(least);
  EXPECT_EQ(least->udp, (TooBigReport::Ports{4500, 9000}));
  EXPECT_FALSE(least->spi);
  EXPECT_FALSE(least->sequence_number);
}

TEST(ReadTooBig, RefusesOtherMessages) {
  const Octets quoted = ipv4(esp, {.flags = df, .protocol = 50});
  const Octets ike = hex("1194 1194 0020 0000 00000000 0011223344556677");
  for (const Octets& packet : {ipv4(counting(20)), ipv4(counting(24), {.flags = 1, .protocol = 1}),
                               too_big_message(ipv4(esp, {.flags = df, .protocol = 6}), 1400),
                               too_big_message(ipv4(ike, {.flags = df}), 1400)})
    EXPECT_EQ(blame(read_too_big(packet)), Blame::no_common_ground) << why(read_too_big(packet));
  Octets unreachable = too_big_message(quoted, 1400);
  unreachable[21] = 1;                                               // code: host unreachable, ...
  unreachable[23] = static_cast<std::uint8_t>(unreachable[23] + 3);  // ... and the checksum for it
  EXPECT_EQ(why(read_too_big(unreachable)),
            "ICMP/Type @ 0x14: expected 3 code 4, found 3 code 1 (RFC 4301 8.2.1)");
}

TEST(ReadTooBig, RefusesDamage) {
  const Octets quoted = ipv4(esp, {.flags = df, .protocol = 50});
  Octets damaged = too_big_message(quoted, 1400);
  damaged.back() ^= 1;
  EXPECT_EQ(why(read_too_big(damaged)), "ICMP/Checksum @ 0x16: does not hold (RFC 792)");
  Octets damaged_v6 = too_big_message(ipv6(50, esp), 1400);
  damaged_v6.back() ^= 1;
  EXPECT_EQ(blame(read_too_big(damaged_v6)), Blame::malformed);
  for (const std::size_t octets : {0u, 19u})
    EXPECT_EQ(blame(read_too_big(too_big_message(quoted, 1400, octets))), Blame::malformed) << octets;
  EXPECT_EQ(blame(read_too_big(too_big_message(ipv6(50, esp), 1400, 39))), Blame::malformed);
  EXPECT_EQ(blame(read_too_big(too_big_message(ipv6(60, hex("3205 0104 00000000")), 1400))),
            Blame::malformed);
  EXPECT_EQ(blame(read_too_big({})), Blame::malformed);
}

TEST(ReadTooBig, RefusesWhatARouterCannotMean) {
  const Octets could_be_cut = ipv4(esp, {.protocol = 50});
  EXPECT_EQ(blame(read_too_big(too_big_message(could_be_cut, 1400))), Blame::peer_misbehaved);
  EXPECT_EQ(blame(read_too_big(test::too_big_message_v4(ipv6(50, esp), 1400))), Blame::peer_misbehaved);
}

TEST(SentLately, TakesTheLastNumbersOnly) {
  EXPECT_TRUE(sent_lately(5, 5));
  EXPECT_TRUE(sent_lately(1, 5));
  EXPECT_FALSE(sent_lately(0, 5));
  EXPECT_FALSE(sent_lately(6, 5));
  EXPECT_FALSE(sent_lately(1, 0));
  EXPECT_TRUE(sent_lately(0xffffffff, 0x100000001));
  EXPECT_FALSE(sent_lately(100, 300, 200));
  EXPECT_TRUE(sent_lately(101, 300, 200));
}

// The reply to `offending`; empty if there is none.
Octets reply(OctetView offending, std::uint32_t mtu = 1400) {
  const auto packet = packet_too_big(offending, offending[0] >> 4 == 4 ? own_v4 : own_v6, mtu);
  return packet ? packet->octets() : Octets{};
}
NoReply silence(OctetView offending, const IpAddress& own) {
  return packet_too_big(offending, own, 1400).error();
}

TEST(PacketTooBig, TellsTheSourceOfAnIpv4Packet) {
  const Octets offending = ipv4(counting(1480), {.flags = df});
  const Octets packet = reply(offending);
  ASSERT_EQ(packet.size(), 576u);
  const auto header = *wire::decode<Ipv4Header>(OctetView(packet).first(20));
  EXPECT_EQ(header.total_length, 576);
  EXPECT_EQ(header.source, (std::array<std::uint8_t, 4>{10, 9, 8, 7}));
  EXPECT_EQ(header.destination, (std::array<std::uint8_t, 4>{192, 0, 2, 1}));
  EXPECT_TRUE(wire::OnesComplementSum().add(OctetView(packet).first(20)).holds());
  EXPECT_TRUE(wire::OnesComplementSum().add(OctetView(packet).subspan(20)).holds());
  const auto icmp = *wire::decode<wire::Icmp>(OctetView(packet).subspan(20));
  EXPECT_EQ(icmp.type, 3);
  EXPECT_EQ(icmp.code, 4);
  EXPECT_EQ(icmp.next_hop_mtu, 1400);
  EXPECT_EQ(icmp.unused, 0u);
  EXPECT_TRUE(std::ranges::equal(icmp.data, OctetView(offending).first(548)));
}

TEST(PacketTooBig, TellsTheSourceOfAnIpv6Packet) {
  //= rfc4443/2.4/as-much-of-the-packet-as-fits
  const Octets offending = ipv6(17, counting(1460));
  const Octets packet = reply(offending);
  ASSERT_EQ(packet.size(), 1280u);
  const auto header = *wire::decode<wire::Ipv6Header>(OctetView(packet).first(40));
  EXPECT_EQ(header.payload_length, 1240);
  EXPECT_TRUE(std::ranges::equal(header.source, own_v6.octets()));
  EXPECT_TRUE(std::ranges::equal(header.destination, OctetView(offending).subspan(8, 16)));
  auto sum = wire::pseudo_header_sum(header.source, header.destination, 58, 1240);
  EXPECT_TRUE(sum.add(OctetView(packet).subspan(40)).holds());
  const auto icmp = *wire::decode<wire::Icmpv6>(OctetView(packet).subspan(40));
  EXPECT_EQ(icmp.type, 2);
  EXPECT_EQ(icmp.code, 0);
  EXPECT_EQ(icmp.mtu, 1400u);
  EXPECT_TRUE(std::ranges::equal(icmp.data, OctetView(offending).first(1232)));
}

TEST(PacketTooBig, AsksForNothingThatPacketsNeedNotHave) {
  EXPECT_EQ(load_be<std::uint16_t>(reply(ipv4(counting(100), {.flags = df}), 60).data() + 26), 68);
  EXPECT_EQ(load_be<std::uint16_t>(reply(ipv4(counting(100), {.flags = df}), 70'000).data() + 26), 65'535);
  EXPECT_EQ(load_be<std::uint32_t>(reply(ipv6(17, counting(1460)), 1200).data() + 44), 1280u);
}

TEST(PacketTooBig, QuotesNoMoreThanTheDatagram) {
  Octets padded = ipv4(counting(30), {.flags = df});
  padded.resize(64);
  EXPECT_EQ(reply(padded).size(), 20u + 8 + 50);
}

TEST(PacketTooBig, IsSilentAboutErrors) {
  //= rfc4443/2.4/no-error-about-an-error-or-to-nobody
  for (const std::uint8_t type :
       {std::uint8_t{3}, std::uint8_t{4}, std::uint8_t{5}, std::uint8_t{11}, std::uint8_t{12}})
    EXPECT_EQ(silence(ipv4(Octets(8, type), {.protocol = 1}), own_v4), NoReply::icmp_error) << int{type};
  EXPECT_FALSE(reply(ipv4(Octets(8, 8), {.protocol = 1})).empty());  // echo
  for (const std::uint8_t type : {std::uint8_t{1}, std::uint8_t{2}, std::uint8_t{127}, std::uint8_t{137}})
    EXPECT_EQ(silence(ipv6(58, Octets(8, type)), own_v6), NoReply::icmp_error) << int{type};
  EXPECT_FALSE(reply(ipv6(58, Octets(8, 128))).empty());
  EXPECT_EQ(silence(ipv4({}, {.protocol = 1}), own_v4), NoReply::malformed);
  const Octets original = ipv4(counting(1400), {.flags = df});
  EXPECT_EQ(silence(reply(original), own_v4), NoReply::icmp_error);
}

TEST(PacketTooBig, IsSilentToThoseWhoAreNotOneHost) {
  for (const std::uint8_t first :
       {std::uint8_t{0}, std::uint8_t{127}, std::uint8_t{224}, std::uint8_t{255}}) {
    Octets packet = ipv4(counting(100));
    packet[12] = first;
    EXPECT_EQ(silence(packet, own_v4), NoReply::source_unclear) << int{first};
  }
  Octets to_many = ipv4(counting(100));
  to_many[16] = 224;
  EXPECT_EQ(silence(to_many, own_v4), NoReply::many_receivers);
  Octets from_many = ipv6(17, counting(100));
  from_many[8] = 0xff;
  EXPECT_EQ(silence(from_many, own_v6), NoReply::source_unclear);
  std::fill_n(from_many.begin() + 8, 16, std::uint8_t{0});
  EXPECT_EQ(silence(from_many, own_v6), NoReply::source_unclear);
  EXPECT_EQ(silence(ipv6(17, counting(9)), own_v4), NoReply::other_ip_version);
  EXPECT_EQ(silence({}, own_v4), NoReply::malformed);
}

TEST(PacketTooBig, IsSentAboutIpv6Multicast) {
  //= rfc4443/3.2/too-big-is-sent-even-about-multicast
  Octets to_many = ipv6(17, counting(1460));
  to_many[24] = 0xff;
  EXPECT_FALSE(reply(to_many).empty());
}

TEST(PacketTooBig, FragmentsGetOneReply) {
  EXPECT_EQ(silence(ipv4(counting(104), {.flags = 1, .offset = 1}), own_v4), NoReply::later_fragment);
  EXPECT_FALSE(reply(ipv4(counting(104), {.flags = 1})).empty());
  const auto later = [](std::uint8_t next) {
    return ipv6(44, test::fragment_chain({.next_header = next, .fragment_offset = 1}, counting(9)));
  };
  EXPECT_EQ(silence(later(58), own_v6), NoReply::later_fragment);
  EXPECT_FALSE(reply(later(17)).empty());
}

RC_GTEST_PROP(PacketTooBig, IsReadAsItWasMeant, (bool six, std::uint16_t size)) {
  const Octets payload = [&] {
    Octets octets = esp;
    octets.resize(esp.size() + size % 1400);
    return octets;
  }();
  const Octets packet = six ? ipv6(50, payload) : ipv4(payload, {.flags = df, .protocol = 50});
  const auto report = read_too_big(reply(packet, 1300));
  RC_ASSERT(report.has_value());
  RC_ASSERT(report->mtu == 1300u);
  RC_ASSERT(report->size == packet.size());
  RC_ASSERT(report->spi == Spi(0xc0ffee01));
  RC_ASSERT(report->reporter == (six ? own_v6 : own_v4));
}

TEST(ReassemblyTimeExceeded, GoesToTheSourceFromWhereItWroteTo) {
  //= rfc792/time-exceeded-message/reassembly-time-is-over
  //= rfc4443/2.2/reply-comes-from-the-address-that-was-written-to
  const Octets first = ipv4(counting(104), {.flags = 1});
  const Octets v4 = reassembly_time_exceeded(first).value().octets();
  EXPECT_EQ(to_hex(OctetView(v4).subspan(20, 2)), "0b01");
  EXPECT_EQ(to_hex(OctetView(v4).subspan(24, 4)), "00000000");
  EXPECT_EQ(wire::internet_checksum(OctetView(v4).subspan(20)), 0);
  EXPECT_TRUE(std::ranges::equal(OctetView(v4).subspan(12, 4), OctetView(first).subspan(16, 4)));
  EXPECT_TRUE(std::ranges::equal(OctetView(v4).subspan(16, 4), OctetView(first).subspan(12, 4)));
  EXPECT_TRUE(std::ranges::equal(OctetView(v4).subspan(28), first));
  const Octets first6 =
      ipv6(44, test::fragment_chain({.next_header = 17, .more_fragments = 1}, counting(1400)));
  const Octets v6 = reassembly_time_exceeded(first6).value().octets();
  EXPECT_EQ(v6.size(), 1280u);
  EXPECT_EQ(to_hex(OctetView(v6).subspan(40, 2)), "0301");
  EXPECT_TRUE(std::ranges::equal(OctetView(v6).subspan(8, 16), OctetView(first6).subspan(24, 16)));
}

TEST(ReassemblyTimeExceeded, IsSilentAboutErrorsAndToNobody) {
  const auto silent = [](const Octets& first) {
    const auto message = reassembly_time_exceeded(first);
    return message ? std::nullopt : std::optional(message.error());
  };
  Octets to_many = ipv4(counting(104), {.flags = 1}), to_many6 = ipv6(17, counting(16));
  to_many[16] = 224, to_many6[24] = 0xff;
  EXPECT_EQ(silent(to_many), NoReply::many_receivers);
  EXPECT_EQ(silent(to_many6), NoReply::many_receivers);
  EXPECT_EQ(silent(ipv4(counting(104), {.flags = 1, .offset = 1})), NoReply::later_fragment);
  EXPECT_EQ(silent(reply(ipv4(counting(1400), {.flags = df}))), NoReply::icmp_error);
  EXPECT_EQ(silent({}), NoReply::malformed);
}

TEST(IcmpErrorRate, AllowsABurstAndThenTheRate) {
  //= rfc4443/2.4/errors-are-rate-limited
  IcmpErrorRate rate;
  Instant now{};
  for (int i = 0; i < 10; ++i)
    EXPECT_TRUE(rate.allow(now));
  EXPECT_FALSE(rate.allow(now));
  EXPECT_FALSE(rate.allow(now += 99ms));
  EXPECT_TRUE(rate.allow(now += 1ms));
  EXPECT_FALSE(rate.allow(now));
  int allowed = 0;
  for (int i = 0; i < 10'000; ++i)
    allowed += rate.allow(now += 1ms) ? 1 : 0;
  EXPECT_EQ(allowed, 100);
  now += 1000h;
  allowed = 0;
  for (int i = 0; i < 100; ++i)
    allowed += rate.allow(now) ? 1 : 0;
  EXPECT_EQ(allowed, 10);
  EXPECT_FALSE(IcmpErrorRate({.burst = 0}).allow(now));
}

}  // namespace
}  // namespace mpsec::ipsec
