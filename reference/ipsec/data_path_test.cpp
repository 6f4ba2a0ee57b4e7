#include "ipsec/data_path.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "ipsec/data_path_test_support.hpp"

namespace mpsec::ipsec {
namespace {

using namespace test;
using namespace std::chrono_literals;

Octets tcp_packet(const char* to) {
  Octets packet = udp_packet(false, 20);
  packet[9] = 6;
  std::ranges::copy(ip(to).octets(), packet.begin() + 16);
  store_be<std::uint16_t>(packet.data() + 10, 0);
  store_be(packet.data() + 10, wire::internet_checksum(OctetView(packet).first(20)));
  return packet;
}

TEST(DataPath, ProtectsAndOpensByPolicy) {
  Gateway gateway;
  gateway.add(SaPlan{});
  const Octets clear = udp_packet(false, 100);
  const auto sent = gateway.send(clear);
  ASSERT_EQ(sent.fate, Fate::protected_) << to_string(sent.discard);
  EXPECT_THAT(gateway.receive(sent.packet), testing::ElementsAre(clear));
  EXPECT_EQ(gateway.path().discards().total(), 0u);
}

TEST(DataPath, AsksForAnSaAndSendsNothingClear) {
  Gateway gateway;
  const auto sent = gateway.send(udp_packet(true, 100));
  EXPECT_EQ(sent.fate, Fate::discarded);
  EXPECT_EQ(sent.discard, Discard::no_sa);
  ASSERT_EQ(gateway.events<Acquire>().size(), 1u);
  EXPECT_EQ(gateway.events<Acquire>()[0].policy, protect_id);
  EXPECT_EQ(gateway.path().discards()[Discard::no_sa], 1u);
}

TEST(DataPath, BypassesDiscardsAndDiscardsByDefault) {
  Gateway gateway;
  EXPECT_EQ(gateway.send(tcp_packet("192.0.2.77")).fate, Fate::bypassed);
  EXPECT_EQ(gateway.send(tcp_packet("198.51.100.9")).discard, Discard::policy_discard);
  EXPECT_EQ(gateway.send(tcp_packet("203.0.113.200")).discard, Discard::no_policy);
  EXPECT_EQ(gateway.send(hex("00")).discard, Discard::unsupported_ip_version);
  EXPECT_EQ(gateway.send(hex("45")).discard, Discard::malformed_packet);
  EXPECT_EQ(gateway.events<Audit>().size(), 1u);  // of the last call
}

TEST(DataPath, RefusesClearTextWherePolicyProtects) {
  Gateway gateway;
  EXPECT_TRUE(gateway.receive(udp_packet(false, 10)).empty());
  ASSERT_EQ(gateway.events<Audit>().size(), 1u);
  EXPECT_EQ(gateway.events<Audit>()[0].cause, Discard::clear_text_refused);
  EXPECT_EQ(to_string(gateway.events<Audit>()[0]),
            "inbound clear_text_refused 198.51.100.1 -> 203.0.113.1 (RFC 4301 5.2)");
}

TEST(DataPath, AuditsAnUnknownSpiWithAllThatALogNeeds) {
  Gateway sender, receiver;
  sender.add(SaPlan{});
  receiver.receive(sender.send(udp_packet(false, 10)).packet, Instant(5s));
  ASSERT_EQ(receiver.events<Audit>().size(), 1u);
  const Audit audit = receiver.events<Audit>()[0];
  EXPECT_EQ(to_string(audit),
            "inbound unknown_spi spi 0x00001000 192.0.2.1 -> 192.0.2.2 sequence 1 (RFC 4303 3.4.2)");
  EXPECT_EQ(audit.at, Instant(5s));
}

TEST(DataPath, DiscardsWhatTheSaIsNotFor) {
  Gateway gateway;
  InboundParameters in = test::inbound_parameters({});
  Selector other;
  other.remote = {range("10.0.0.0/8")};
  in.selectors = {other};
  gateway.add(test::outbound_parameters({}), std::move(in));
  EXPECT_TRUE(gateway.receive(gateway.send(udp_packet(false, 10)).packet).empty());
  EXPECT_EQ(gateway.path().discards()[Discard::selector_mismatch], 1u);
}

TEST(DataPath, CutsBeforeProtectionAndTheReceiverGetsFragments) {
  Gateway gateway;
  OutboundParameters out = test::outbound_parameters({});
  out.path_mtu = 600;
  gateway.add(std::move(out), test::inbound_parameters({}));
  const auto sent = gateway.send(udp_packet(false, 1200));
  ASSERT_EQ(sent.fate, Fate::replaced);
  std::vector<Octets> on_the_wire;
  for (Emission& emission : gateway.actions().emissions)
    on_the_wire.push_back(emission.packet.octets());
  ASSERT_EQ(on_the_wire.size(), 3u);
  std::size_t payload = 0;
  for (const Octets& packet : on_the_wire) {
    EXPECT_LE(packet.size(), 600u);
    const auto clear = gateway.receive(packet);
    ASSERT_EQ(clear.size(), 1u);
    payload += clear[0].size() - 20;
  }
  EXPECT_EQ(payload, 1208u);
}

TEST(DataPath, PiecesHaveRoomForTheirFill) {
  Gateway gateway;
  OutboundParameters out = test::outbound_parameters({});
  out.path_mtu = 1500;
  out.tfc_multiple = 1000;
  gateway.add(std::move(out), test::inbound_parameters({}));
  ASSERT_EQ(gateway.send(udp_packet(false, 1472)).fate, Fate::replaced);
  EXPECT_EQ(gateway.actions().emissions.size(), 2u);
  EXPECT_EQ(gateway.path().discards()[Discard::no_room], 0u);
}

TEST(DataPath, CutsAfterProtectionAndTheReceiverPutsTogether) {
  DataPath::Options options;
  options.fragment_after_protection = true;
  Gateway gateway(options);
  OutboundParameters out = test::outbound_parameters({});
  out.path_mtu = 600;
  gateway.add(std::move(out), test::inbound_parameters({}));
  const Octets clear = udp_packet(false, 1200);
  ASSERT_EQ(gateway.send(clear).fate, Fate::replaced);
  std::vector<Octets> on_the_wire;
  for (Emission& emission : gateway.actions().emissions)
    on_the_wire.push_back(emission.packet.octets());
  std::vector<Octets> delivered;
  for (const Octets& packet : on_the_wire) {
    for (Octets& octets : gateway.receive(packet))
      delivered.push_back(std::move(octets));
  }
  EXPECT_THAT(delivered, testing::ElementsAre(clear));
}

TEST(DataPath, CountsPiecesThatTheSaMayNoLongerSendByThatCause) {
  Gateway gateway;
  OutboundParameters out = test::outbound_parameters({});
  out.path_mtu = 600;
  out.lifetime.hard.packets = 1;
  gateway.add(std::move(out), test::inbound_parameters({}));
  ASSERT_EQ(gateway.send(udp_packet(false, 1200)).fate, Fate::replaced);
  EXPECT_EQ(gateway.actions().emissions.size(), 1u);
  EXPECT_EQ(gateway.path().discards()[Discard::lifetime_expired], 2u);
}

TEST(DataPath, SaysWhyWhatIsCutAfterProtectionWasNotProtected) {
  DataPath::Options options;
  options.fragment_after_protection = true;
  Gateway gateway(options);
  OutboundParameters out = test::outbound_parameters({});
  out.path_mtu = 600;
  out.lifetime.hard.until = Instant(1s);
  gateway.add(std::move(out), test::inbound_parameters({}));
  EXPECT_EQ(gateway.send(udp_packet(false, 1200), Instant(1s)).discard, Discard::lifetime_expired);
  EXPECT_EQ(gateway.path().discards()[Discard::packet_too_big], 0u);
}

TEST(DataPath, TellsTheSenderOfFragmentsThatTheyNeverBecameWhole) {
  DataPath::Options options;
  options.fragment_after_protection = true;
  Gateway gateway(options);
  OutboundParameters out = test::outbound_parameters({});
  out.path_mtu = 600;
  gateway.add(std::move(out), test::inbound_parameters({}));
  ASSERT_EQ(gateway.send(udp_packet(false, 1200)).fate, Fate::replaced);
  const Octets first = gateway.actions().emissions.at(0).packet.octets();
  EXPECT_TRUE(gateway.receive(first, Instant(1s)).empty());
  EXPECT_EQ(gateway.path().next_deadline(), Instant(61s));
  gateway.path().on_time(Instant(61s), gateway.actions());
  EXPECT_EQ(gateway.path().discards()[Discard::reassembly_timeout], 1u);
  ASSERT_EQ(gateway.actions().emissions.size(), 1u);
  EXPECT_EQ(gateway.actions().emissions[0].side, Emission::Side::unprotected);
  EXPECT_EQ(to_hex(OctetView(gateway.actions().emissions[0].packet.octets()).subspan(20, 2)), "0b01");
}

//= rfc4301/4.1/several-sas-with-the-same-selectors
//= rfc4301/4.4.2.1/dscp-values-choose-an-outbound-sa
TEST(DataPath, ChoosesAmongSasOfOnePolicyByDscp) {
  Gateway gateway;
  const auto add = [&](std::uint32_t spi, std::initializer_list<std::size_t> dscp_values) {
    OutboundParameters out = test::outbound_parameters({});
    InboundParameters in = test::inbound_parameters({});
    out.spi = in.spi = Spi{spi};
    for (const std::size_t value : dscp_values)
      out.dscp_values.set(value);
    gateway.add(std::move(out), std::move(in));
  };
  const auto spi_for = [&](std::uint8_t dscp) {
    const auto sent = gateway.send(udp_packet(false, 10, static_cast<std::uint8_t>(dscp << 2)));
    if (sent.fate != Fate::protected_) return 0u;
    EXPECT_EQ(gateway.receive(sent.packet).size(), 1u);
    return load_be<std::uint32_t>(sent.packet.data() + 20);
  };
  add(0x1000, {46});
  EXPECT_EQ(spi_for(46), 0x1000u);
  EXPECT_EQ(spi_for(0), 0u);  // no SA for it, and nothing clear
  add(0x2000, {46, 10});
  add(0x3000, {});
  EXPECT_EQ(spi_for(46), 0x2000u);  // of those that name it, the newest
  EXPECT_EQ(spi_for(10), 0x2000u);
  EXPECT_EQ(spi_for(0), 0x3000u);
  // Packets of one flow in one batch part ways by their DSCP.
  HeldPacket expedited(udp_packet(false, 10, 46 << 2)), other(udp_packet(false, 10));
  Outgoing outgoing[] = {{.packet = expedited.buffer()}, {.packet = other.buffer()}};
  Fate fates[2];
  gateway.path().send(outgoing, {}, fates, gateway.actions());
  EXPECT_EQ(load_be<std::uint32_t>(outgoing[0].packet.data() + 20), 0x2000u);
  EXPECT_EQ(load_be<std::uint32_t>(outgoing[1].packet.data() + 20), 0x3000u);
}

TEST(DataPath, TellsTheSourceWhatWouldFit) {
  Gateway gateway;
  OutboundParameters out = test::outbound_parameters({});
  out.path_mtu = 1400;
  gateway.add(std::move(out), test::inbound_parameters({}));
  Octets clear = udp_packet(false, 1400);
  clear[6] |= 0x40;  // DF
  store_be<std::uint16_t>(clear.data() + 10, 0);
  store_be(clear.data() + 10, wire::internet_checksum(OctetView(clear).first(20)));
  EXPECT_EQ(gateway.send(clear).discard, Discard::packet_too_big);
  ASSERT_EQ(gateway.actions().emissions.size(), 1u);
  const Octets message = gateway.actions().emissions[0].packet.octets();
  EXPECT_EQ(gateway.actions().emissions[0].side, Emission::Side::to_source);
  EXPECT_EQ(message[20], 3);
  EXPECT_EQ(message[21], 4);
  EXPECT_EQ(load_be<std::uint16_t>(message.data() + 26), gateway.out().largest_packet());
}

TEST(DataPath, LearnsThePathMtuAndForgetsItAgain) {
  Gateway gateway;
  OutboundParameters out = test::outbound_parameters({});
  out.path_mtu = 1500;
  gateway.add(std::move(out), test::inbound_parameters({}));
  Octets quoted = gateway.send(udp_packet(false, 1300)).packet;
  quoted[6] |= 0x40;  // it went out with DF, or no router would complain
  store_be<std::uint16_t>(quoted.data() + 10, 0);
  store_be(quoted.data() + 10, wire::internet_checksum(OctetView(quoted).first(20)));
  auto report = packet_too_big(quoted, ip("192.0.2.99"), 1000);
  ASSERT_TRUE(report);
  EXPECT_TRUE(gateway.receive(report->octets(), Instant(1s)).empty());
  ASSERT_EQ(gateway.events<PathMtuChanged>().size(), 1u);
  EXPECT_EQ(gateway.out().path_mtu(), 1000u);
  ASSERT_TRUE(gateway.path().next_deadline());
  gateway.path().on_time(*gateway.path().next_deadline(), gateway.actions());
  EXPECT_EQ(gateway.out().path_mtu(), 1500u);
}

TEST(DataPath, TellsOfLifetimesOnce) {
  Gateway gateway;
  OutboundParameters out = test::outbound_parameters({});
  out.lifetime.soft.until = Instant(10s);
  out.lifetime.hard.until = Instant(20s);
  gateway.add(std::move(out), test::inbound_parameters({}));
  EXPECT_EQ(gateway.path().next_deadline(), Instant(10s));
  gateway.path().on_time(Instant(10s), gateway.actions());
  ASSERT_EQ(gateway.events<LifetimeReached>().size(), 1u);
  EXPECT_FALSE(gateway.events<LifetimeReached>()[0].hard);
  EXPECT_EQ(gateway.send(udp_packet(false, 10), Instant(15s)).fate, Fate::protected_);
  EXPECT_TRUE(gateway.events<LifetimeReached>().empty());
  gateway.path().on_time(Instant(20s), gateway.actions());
  ASSERT_EQ(gateway.events<LifetimeReached>().size(), 1u);
  EXPECT_TRUE(gateway.events<LifetimeReached>()[0].hard);
  EXPECT_EQ(gateway.send(udp_packet(false, 10), Instant(21s)).discard, Discard::no_sa);
  EXPECT_FALSE(gateway.path().next_deadline());
}

TEST(DataPath, GoesOverToTheNewestSaOfAPolicy) {
  Gateway gateway;
  gateway.add(SaPlan{});
  OutboundParameters successor = test::outbound_parameters({.seed = 2});
  successor.spi = Spi{0x2000};
  InboundParameters in = test::inbound_parameters({.seed = 2});
  in.spi = Spi{0x2000};
  OutboundSa* old = &gateway.out();
  gateway.add(std::move(successor), std::move(in));
  const auto sent = gateway.send(udp_packet(false, 10));
  EXPECT_EQ(load_be<std::uint32_t>(sent.packet.data() + 20), 0x2000u);
  EXPECT_EQ(gateway.receive(sent.packet).size(), 1u);
  EXPECT_TRUE(gateway.path().remove(&gateway.out()));
  EXPECT_EQ(load_be<std::uint32_t>(gateway.send(udp_packet(false, 10)).packet.data() + 20), 0x1000u);
  EXPECT_TRUE(gateway.path().remove(old));
  EXPECT_FALSE(gateway.path().remove(old));
  EXPECT_EQ(gateway.send(udp_packet(false, 10)).discard, Discard::no_sa);
}

TEST(DataPath, RefusesASecondSaWithTheSameKeyNamingBoth) {
  Gateway gateway;
  gateway.add(SaPlan{});
  const auto second = gateway.path().add(InboundSa::make(test::inbound_parameters({}), provider()).value());
  ASSERT_FALSE(second);
  EXPECT_THAT(to_string(second.error()), testing::HasSubstr("ESP SA 0x00001000 from 192.0.2.1 to 192.0.2.2"));
}

TEST(DataPath, HandsIkeOnAndDropsKeepalives) {
  Gateway gateway;
  auto udp_to_4500 = [](OctetView payload) {
    Octets packet = udp_packet(false, payload.size());
    store_be<std::uint16_t>(packet.data() + 22, 4500);
    std::ranges::copy(payload, packet.begin() + 28);
    return packet;
  };
  gateway.receive(udp_to_4500(hex("ff")));
  EXPECT_EQ(gateway.path().discards()[Discard::keepalive], 1u);
  EXPECT_TRUE(gateway.events<Audit>().empty());
  gateway.receive(udp_to_4500(hex("00000000 0102030405060708")));
  EXPECT_EQ(gateway.actions().ike.size(), 1u);
  gateway.receive(udp_to_4500(hex("010203")));
  EXPECT_EQ(gateway.path().discards()[Discard::udp_malformed], 1u);
}

RC_GTEST_PROP(DataPath, SurvivesAnything, (const std::vector<Octets>& packets)) {
  Gateway gateway;
  gateway.add(SaPlan{});
  for (Octets packet : packets) {
    if (!packet.empty()) packet[0] = *rc::gen::element<std::uint8_t>(0x45, 0x46, 0x60, packet[0]);
    gateway.send(packet);
    gateway.receive(packet);
  }
}

RC_GTEST_PROP(DataPath, EveryDiscardHasOneCauseAndOneCount, ()) {
  Gateway gateway;
  gateway.add(SaPlan{});
  const auto count = *rc::gen::inRange(1, 20);
  std::size_t delivered = 0;
  for (int i = 0; i < count; ++i) {
    Octets sent = gateway.send(udp_packet(*rc::gen::arbitrary<bool>(), 30)).packet;
    sent[*rc::gen::inRange<std::size_t>(20, sent.size())] ^= *rc::gen::element<std::uint8_t>(0, 1);
    delivered += gateway.receive(sent).size();
  }
  RC_ASSERT(gateway.path().discards().total() + delivered == static_cast<std::size_t>(count));
}

// A stranger's SPI last: the receivers below have no SA for it.
constexpr std::array<Spi, 3> batch_spis{Spi{0x1000}, Spi{0x2000}, Spi{0x3000}};

void add_numbered(Gateway& gateway, Spi spi, SadKeyShape shape) {
  auto out = outbound_parameters(SaPlan{});
  auto in = inbound_parameters(SaPlan{});
  out.spi = in.spi = spi;
  gateway.path().add(protect_id, OutboundSa::make(std::move(out), provider()).value());
  ASSERT_TRUE(gateway.path().add(InboundSa::make(std::move(in), provider()).value(), shape));
}

std::vector<std::string> sorted_audits(const Gateway& gateway) {
  std::vector<std::string> texts;
  for (const Audit& audit : gateway.events<Audit>())
    texts.push_back(to_string(audit));
  std::ranges::sort(texts);
  return texts;
}

RC_GTEST_PROP(DataPath, ABatchFaresAsItsPacketsOneByOne, ()) {
  const auto shape = *rc::gen::element(SadKeyShape::spi, SadKeyShape::spi_destination);
  std::array<Gateway, batch_spis.size()> senders;
  Gateway together, apart;
  for (std::size_t i = 0; i < senders.size(); ++i) {
    add_numbered(senders[i], batch_spis[i], SadKeyShape::spi);
    if (i == 2) continue;
    add_numbered(together, batch_spis[i], shape);
    add_numbered(apart, batch_spis[i], shape);
  }
  std::vector<HeldPacket> held;
  std::vector<PacketBuffer> batch;
  std::vector<Octets> delivered_apart, delivered_together;
  std::vector<std::string> audits_apart;
  for (const std::size_t from :
       *rc::gen::container<std::vector<std::size_t>>(rc::gen::inRange<std::size_t>(0, 4))) {
    const Octets clear = udp_packet(false, 20 + from);
    const Octets wire = held.emplace_back(from < 3 ? senders[from].send(clear).packet : clear).octets();
    batch.push_back(held.back().buffer());
    std::ranges::move(apart.receive(wire), std::back_inserter(delivered_apart));
    std::ranges::move(sorted_audits(apart), std::back_inserter(audits_apart));
  }
  together.actions().clear();
  together.path().receive(batch, {}, together.actions());
  for (const Delivery& delivery : together.actions().deliveries) {
    const OctetView view = delivery.packet.view();
    delivered_together.emplace_back(view.begin(), view.end());
  }
  std::ranges::sort(audits_apart);
  RC_ASSERT(delivered_together == delivered_apart);
  RC_ASSERT(sorted_audits(together) == audits_apart);
}

}  // namespace
}  // namespace mpsec::ipsec
